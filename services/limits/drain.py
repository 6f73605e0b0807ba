"""Whether Pods keep listening until the CLB has taken them out; pure.

Kubernetes stops a Pod and podgate sets its weight to 0 at the same moment, neither waits for the
other: only a preStop hook keeps the sockets open until the CLB sends nothing new.
"""

from collections.abc import Sequence

from services.limits.facts import Facts, PodFacts
from services.limits.problem import (
    Evidence,
    Limit,
    Outcome,
    Passed,
    Sentence,
    Severity,
    is_direct,
)
from services.spec import ServiceSpec

# From a Pod's deletion to the last new connection: the watch tells of it (0.5 s), the call is made
# and done (1 s, as long again where the load balancer is busy), the CLB's own nodes follow (2 s).
PROPAGATION = 5
# After preStop the process still answers what it has begun.
LEAST_REST = 5
PRE_STOP = "spec.containers[].lifecycle.preStop"
GRACE = "spec.terminationGracePeriodSeconds"

TOO_SHORT = Limit(
    "PreStopTooShort",
    Severity.WARNS,
    Sentence(
        "%(some)s of %(count)s Pods close their sockets %(stays)s s after their deletion (preStop "
        "%(pre_stop)s s, grace %(grace)s s), such as %(pod)s; the CLB needs ~%(needed)s s to send "
        "them nothing new. Rollouts and scale-downs lose requests."
    ),
    Sentence(
        "Give the container a preStop hook that sleeps %(sleep)s s, and the Pod a "
        "terminationGracePeriodSeconds of %(enough)s s or more."
    ),
    source=f"Pod {PRE_STOP}",
)
TOO_TIGHT = Limit(
    "GraceTooShort",
    Severity.WARNS,
    Sentence(
        "%(some)s of %(count)s Pods are killed %(rest)s s after their preStop hook (preStop "
        "%(pre_stop)s s, grace %(grace)s s), such as %(pod)s: requests under way are cut off."
    ),
    Sentence("Raise terminationGracePeriodSeconds to %(enough)s s or more."),
    source=f"Pod {GRACE}",
)
UNCLEAR = Limit(
    "PreStopUnknown",
    Severity.INFORMS,
    Sentence(
        "How long the preStop hook of %(pod)s takes cannot be told from its template; the CLB "
        "needs ~%(needed)s s."
    ),
    Sentence("Make sure that it keeps the sockets open for that long."),
    source=f"Pod {PRE_STOP}",
)


def drain(spec: ServiceSpec, facts: Facts) -> Outcome:
    """preStop shorter than the CLB needs, or cut off by the grace period, loses requests."""
    return of_pods(facts.pods or ()) if is_direct(spec) else None


def of_pods(all_pods: Sequence[PodFacts]) -> Outcome:
    pods = [pod for pod in all_pods if pod.grace is not None]
    clear = [pod for pod in pods if pod.pre_stop is not None]
    if short := [pod for pod in clear if _stays(pod) < PROPAGATION]:
        return _said(TOO_SHORT, min(short, key=_stays), len(short), len(pods))
    if tight := [pod for pod in clear if _rest(pod) < LEAST_REST]:
        return _said(TOO_TIGHT, min(tight, key=_rest), len(tight), len(pods))
    if unclear := [pod for pod in pods if pod.pre_stop is None]:
        return UNCLEAR(pod=unclear[0].name, needed=PROPAGATION)
    if not pods:
        return None
    return Passed(
        Sentence(
            "Every Pod listens for %(stays)s s after its deletion; the CLB needs ~%(needed)s s",
            stays=f"{min(_stays(pod) for pod in pods):g}",
            needed=PROPAGATION,
        )
    )


def _stays(pod: PodFacts) -> float:
    """Seconds from its deletion for which its sockets are open for certain."""
    return min(pod.pre_stop or 0.0, float(pod.grace or 0))


def _rest(pod: PodFacts) -> float:
    return max(0.0, (pod.grace or 0) - (pod.pre_stop or 0.0))


def _said(limit: Limit, pod: PodFacts, some: int, count: int) -> Outcome:
    pre_stop, sleep = pod.pre_stop or 0.0, max(2.0 * PROPAGATION, pod.pre_stop or 0.0)
    return limit(
        Evidence(f"Pod {pod.name}", PRE_STOP, f"{pre_stop:g} s"),
        Evidence(f"Pod {pod.name}", GRACE, f"{pod.grace} s"),
        some=some,
        count=count,
        stays=f"{_stays(pod):g}",
        rest=f"{_rest(pod):g}",
        pre_stop=f"{pre_stop:g}",
        grace=pod.grace,
        pod=pod.name,
        needed=PROPAGATION,
        sleep=f"{sleep:g}",
        enough=f"{sleep + 20:g}",
    )
