"""Which of the two ways a load balancer reaches the Pods: over an ENI, or by GlobalRouter; pure."""

from services.limits.facts import Facts
from services.limits.problem import is_direct
from services.spec import ServiceSpec

# What Pods are that ask for nothing (`console.network.AddOn` by name).
_OWN = {
    "VPC_CNI_SHARED": "eni",
    "VPC_CNI_EXCLUSIVE": "eni",
    "GLOBAL_ROUTER": "route",
    "MIXED": "route",
}


def modes(facts: Facts) -> frozenset[str]:
    """Of the Pods that match; of the cluster's own kind while none does."""
    found = frozenset(pod.network_mode for pod in facts.pods or ()) & {"eni", "route"}
    if found or facts.pods:
        return found
    return frozenset({_OWN[facts.add_on]}) if facts.add_on in _OWN else frozenset()


def over_eni(spec: ServiceSpec, facts: Facts) -> bool:
    return is_direct(spec) and "eni" in modes(facts)


def by_router(spec: ServiceSpec, facts: Facts) -> bool:
    return is_direct(spec) and "route" in modes(facts)
