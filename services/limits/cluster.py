"""Limits of the cluster: its Kubernetes version, its network add-on, who else binds; pure."""

from services.limits.facts import Facts
from services.limits.problem import (
    Outcome,
    Passed,
    Sentence,
    blocks,
    is_direct,
    unknown,
    warns,
)
from services.spec import ClaimBy, ServiceSpec

# Add-on names as `console.network.AddOn` has them, and how people call them.
ADD_ON_WORDS = {
    "GLOBAL_ROUTER": "GlobalRouter",
    "VPC_CNI_SHARED": Sentence("VPC-CNI, shared ENI"),
    "VPC_CNI_EXCLUSIVE": Sentence("VPC-CNI, exclusive ENI"),
    "MIXED": "GlobalRouter + VPC-CNI",
    "CILIUM_OVERLAY": "Cilium-Overlay",
}


def kubernetes_version(spec: ServiceSpec, facts: Facts) -> Outcome:
    """Direct access needs 1.12, readiness gates 1.14 and loadBalancerClass 1.24."""
    if not is_direct(spec):
        return None
    if facts.kubernetes is None:
        return unknown(
            "KubernetesVersionUnknown",
            Sentence("The Kubernetes version is unknown: the API server has not answered yet."),
        )
    need, why = (1, 12), Sentence("CLB-to-Pod direct access")
    if facts.console_binds:
        need, why = (1, 14), Sentence("The readiness gate")
    if spec.claim is ClaimBy.CLASS:
        need, why = (1, 24), Sentence("A Service claimed by loadBalancerClass")
    have = "{}.{}".format(*facts.kubernetes)
    if facts.kubernetes < need:
        return blocks(
            "KubernetesTooOld",
            Sentence(
                "%(why)s needs Kubernetes %(need)s or later. This cluster runs %(have)s.",
                why=why,
                need="{}.{}".format(*need),
                have=have,
            ),
            Sentence("Upgrade the cluster, or choose ClusterIP or NodePort."),
        )
    return Passed(Sentence("Kubernetes %(have)s", have=have))


def network_add_on(spec: ServiceSpec, facts: Facts) -> Outcome:
    """Only addresses of the VPC can be CLB targets: VPC-CNI today, GlobalRouter with limits."""
    if not is_direct(spec):
        return None
    words = ADD_ON_WORDS.get(facts.add_on, "")
    if facts.add_on == "CILIUM_OVERLAY":
        return blocks(
            "CiliumOverlay",
            Sentence(
                "Cilium-Overlay gives Pods addresses that the VPC does not know, so a CLB cannot "
                "reach them."
            ),
            Sentence("Use a cluster with VPC-CNI, or choose ClusterIP or NodePort."),
        )
    if facts.add_on == "GLOBAL_ROUTER":
        return blocks(
            "GlobalRouterDirect",
            Sentence(
                "Direct access to GlobalRouter Pods needs a bill-by-IP account, the container "
                "network in a CCN and CLB SNAT Pro. podgate cannot check these conditions yet, so "
                "it refuses."
            ),
            Sentence("Enable VPC-CNI on this cluster, or choose ClusterIP or NodePort."),
        )
    if not words:
        return unknown(
            "AddOnUnknown",
            Sentence(
                "The container network add-on is unknown: DescribeClusters could not be read."
            ),
        )
    return Passed(Sentence("Container network: %(words)s", words=words))


def two_controllers(spec: ServiceSpec, facts: Facts) -> Outcome:
    """Whether TKE's service-controller leaves a foreign class alone is documented nowhere."""
    if spec.claim is not ClaimBy.CLASS or not facts.tke_controller:
        return None
    return warns(
        "TkeControllerPresent",
        Sentence(
            "TKE's service-controller runs here. It should ignore the class podgate.dev/clb, "
            "but Tencent does not document this."
        ),
        Sentence("Set the cluster's claim to annotation to be safe."),
    )
