"""The use limits of direct access: a list of small pure checks over facts; pure.

Whoever calls decides whether the facts were read live (decisions) or from the index (pages).
"""

from dataclasses import dataclass

from services.limits import cloud, cluster, pods
from services.limits.facts import MODE_WORDS, Facts, PodFacts, SubnetFacts
from services.limits.problem import Check, Passed, Problem, Sentence, Severity, is_direct
from services.spec import ServiceSpec

__all__ = [
    "CHECKS",
    "MODE_WORDS",
    "Facts",
    "Passed",
    "PodFacts",
    "Problem",
    "Sentence",
    "Severity",
    "SubnetFacts",
    "Verdict",
    "check",
    "is_direct",
    "judge",
]

# The list is the documentation: what podgate looks at before it lets a Service be created.
CHECKS: tuple[Check, ...] = (
    cluster.kubernetes_version,
    cluster.network_add_on,
    cloud.duplicate_ports,
    cloud.duplicate_targets,
    pods.selector,
    pods.network_mode,
    pods.host_network,
    pods.named_targets,
    cloud.free_subnet_ips,
    cloud.listener_quota,
    cloud.target_quota,
    pods.gate_coverage,
    cloud.health_off,
    cloud.udp_ping,
    cluster.two_controllers,
)


@dataclass(frozen=True)
class Verdict:
    problems: tuple[Problem, ...]
    passed: tuple[str, ...]

    def of(self, severity: Severity) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity is severity)

    @property
    def is_blocked(self) -> bool:
        return bool(self.of(Severity.BLOCKS))


def judge(spec: ServiceSpec, facts: Facts) -> Verdict:
    outcomes = [check(spec, facts) for check in CHECKS]
    order = {severity: n for n, severity in enumerate(Severity)}
    problems = [outcome for outcome in outcomes if isinstance(outcome, Problem)]
    return Verdict(
        problems=tuple(sorted(problems, key=lambda problem: order[problem.severity])),
        passed=tuple(outcome.text for outcome in outcomes if isinstance(outcome, Passed)),
    )


def check(spec: ServiceSpec, facts: Facts) -> tuple[Problem, ...]:
    """What stands in the way of this Service, worst first."""
    return judge(spec, facts).problems
