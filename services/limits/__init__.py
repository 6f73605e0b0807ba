"""The use limits of direct access: a list of small pure checks over facts; pure.

Whoever calls decides whether the facts were read live (decisions) or from the index (pages).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from services.limits import (
    cloud,
    cluster,
    cni,
    drain,
    firewall,
    pods,
    ports,
    probes,
    router,
)
from services.limits.facts import (
    MODE_WORDS,
    BalancerFacts,
    Facts,
    Interface,
    Ipamd,
    PodFacts,
    PortFacts,
    ServiceFacts,
    SubnetFacts,
    Unread,
    WorkloadFacts,
)
from services.limits.problem import (
    Check,
    Evidence,
    Limit,
    Outcome,
    Passed,
    Problem,
    Remedy,
    Sentence,
    Severity,
    is_direct,
    kept,
    restored,
)
from services.spec import Access, ServiceSpec

__all__ = [
    "CHECKS",
    "MODE_WORDS",
    "BalancerFacts",
    "Evidence",
    "Facts",
    "Interface",
    "Ipamd",
    "Limit",
    "Mode",
    "Passed",
    "PodFacts",
    "PortFacts",
    "Problem",
    "Remedy",
    "Sentence",
    "ServiceFacts",
    "Severity",
    "SubnetFacts",
    "Unread",
    "Verdict",
    "WorkloadFacts",
    "check",
    "is_direct",
    "judge",
    "kept",
    "readiness",
    "restored",
]

# The list is the documentation: what podgate looks at before it lets a Service be created.
CHECKS: tuple[Check, ...] = (
    cluster.kubernetes_version,
    cluster.network_add_on,
    cluster.arrears,
    cluster.serverless,
    ports.duplicate_ports,
    ports.duplicate_targets,
    ports.protocol_mix,
    ports.port_taken,
    pods.selector,
    pods.several_workloads,
    pods.other_services,
    pods.network_mode,
    pods.host_network,
    cni.enabled,
    cni.eni_request,
    cni.addresses,
    cni.free_eni_ips,
    router.account_type,
    router.switch,
    router.route,
    router.snat_pro,
    firewall.balancer_groups,
    firewall.target_groups,
    probes.named_targets,
    probes.container_ports,
    probes.readiness_probe,
    cloud.free_subnet_ips,
    cloud.balancer_quota,
    cloud.balancer_state,
    cloud.listener_quota,
    cloud.target_quota,
    pods.gate_coverage,
    drain.drain,
    cloud.health_off,
    cloud.udp_ping,
    cluster.two_controllers,
    cluster.claimed,
    cluster.binder,
)
# Those that need no Service: whether direct access works on the cluster at all.
OF_CLUSTER: tuple[Check, ...] = (
    cluster.kubernetes_version,
    cluster.network_add_on,
    cluster.has_mode,
    cluster.arrears,
    cni.enabled,
    cni.free_eni_ips,
    router.account_type,
    router.switch,
    router.route,
    router.snat_pro,
    cloud.balancer_quota,
    cluster.binder,
)
OF_ABSENT: tuple[Check, ...] = (
    cluster.kubernetes_version,
    cluster.network_add_on,
    cluster.has_mode,
)


class Mode(StrEnum):
    """The two ways in which a load balancer reaches Pods."""

    VPC_CNI = "VPC-CNI"
    GLOBAL_ROUTER = "GlobalRouter"


@dataclass(frozen=True)
class Verdict:
    problems: tuple[Problem, ...]
    passed: tuple[str, ...]

    def of(self, severity: Severity) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity is severity)

    def without(self, code: str) -> "Verdict":
        return replace(self, problems=tuple(one for one in self.problems if one.code != code))

    @property
    def is_blocked(self) -> bool:
        return bool(self.of(Severity.BLOCKS))


def judge(spec: ServiceSpec, facts: Facts) -> Verdict:
    return _verdict([check(spec, facts) for check in CHECKS])


def check(spec: ServiceSpec, facts: Facts) -> tuple[Problem, ...]:
    """What stands in the way of this Service, worst first."""
    return judge(spec, facts).problems


def readiness(facts: Facts, mode: Mode | str) -> Verdict:
    """Whether Pods in this mode can be bound on the cluster, whatever the Service."""
    spec = ServiceSpec(namespace="", name="", access=Access.PUBLIC, ports=())
    pod = PodFacts("", "eni" if mode == Mode.VPC_CNI else "route")
    asked = replace(facts, pods=(pod,), workloads=None, services=None, balancer=None)
    # Where Pods cannot be in this mode, its other conditions say nothing.
    checks = OF_ABSENT if cluster.has_mode(spec, asked) else OF_CLUSTER
    return _verdict([check(spec, asked) for check in checks])


def _verdict(outcomes: Sequence[Outcome]) -> Verdict:
    order = {severity: n for n, severity in enumerate(Severity)}
    problems = [
        problem
        for outcome in outcomes
        for problem in (outcome if isinstance(outcome, tuple) else (outcome,))
        if isinstance(problem, Problem)
    ]
    return Verdict(
        problems=tuple(sorted(problems, key=lambda problem: order[problem.severity])),
        passed=tuple(outcome.text for outcome in outcomes if isinstance(outcome, Passed)),
    )
