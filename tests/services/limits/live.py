"""Registered demo clusters and verdicts on them, read live."""

from console import facts as stored
from console.models import Cluster
from services import facts
from services.limits import Facts, Severity, Verdict, judge
from services.spec import Access, ClaimBy, Port, Protocol, ServiceSpec
from tests.conftest import register
from tests.wait import until
from tests.world import World

SPEC = ServiceSpec(
    namespace="shop",
    name="bar",
    access=Access.PUBLIC,
    ports=(Port(Protocol.TCP, 80, 8080),),
    selector=(("app", "storefront"),),
    claim=ClaimBy.ANNOTATION,
)
STATED = {Severity.BLOCKS, Severity.WARNS}


def registered(sandbox: World, cluster_id: str) -> Cluster:
    facts.forget()
    cluster = register(sandbox, cluster_id)
    stored.refresh(cluster)
    return cluster


def live(cluster: Cluster, spec: ServiceSpec = SPEC) -> Verdict:
    return judge(spec, facts.live(cluster, spec))


def codes(verdict: Verdict) -> set[str]:
    return {problem.code for problem in verdict.problems if problem.severity in STATED}


def running(cluster: Cluster, spec: ServiceSpec = SPEC) -> Facts:
    """The facts once the demo's Pods have their addresses."""
    found: Facts | None = None

    def ready() -> bool:
        nonlocal found
        found = facts.live(cluster, spec)
        runs = bool(found.pods) and all(pod.runs for pod in found.pods or ())
        return runs and "PodNotOnEni" not in codes(judge(spec, found))

    until(ready)
    assert found is not None
    return found
