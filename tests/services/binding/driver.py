"""Runs the engine in the foreground: the clock of due times is under the test's hand."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.utils import timezone

from console import doors, tencent
from console.kinds import List, Pod
from console.kube import Kube, KubeError, NotFound, path
from console.models import Account
from console.tencent import CloudError
from services.binding import explaining, health, opening
from services.binding.reconcile import reconcile
from services.binding.rows import Row
from services.binding.run import Again, Outcome, Settled
from services.binding.sweeping import adopt
from services.models import Binding
from tests.wait import PATIENCE
from tests.wait import until as wait_until

GATE = "podgate.dev/clb-ready"


def drive(
    binding: Binding, *, until: Callable[[], Any], seconds: float = PATIENCE, twice: bool = False
) -> None:
    """Reconcile and poll, as the ticker would have it, until the outcome is there."""
    outcome: Outcome = Settled()

    def seen() -> bool:
        nonlocal outcome
        for _ in range(2 if twice else 1):
            outcome = reconcile(binding.pk)
            poll(Binding.objects.filter(pk=binding.pk, lb_status="running"))
        return isinstance(outcome, Settled) and _holds(until)

    wait_until(seen, seconds=seconds, every=0.1, state=lambda: _state(binding, outcome))


def poll(bindings: Iterable[Binding]) -> None:
    """The health of these and the gates that follow from it, as the tasks have it in turn."""
    some = list(bindings)

    def settle(ids: set[int], rows: Sequence[Row]) -> None:
        for group in opening.groups(ids, rows):
            opening.settle(group)

    health.poll(some, settle)
    for cluster in {binding.cluster for binding in some}:
        explaining.explain(cluster)


def _holds(outcome: Callable[[], Any]) -> bool:
    """Faults hit the test's own looks too."""
    try:
        return bool(outcome())
    except (KubeError, CloudError):
        return False


def _state(binding: Binding, outcome: object) -> str:
    row = Binding.objects.filter(pk=binding.pk).first()
    if row is None:
        return "the binding is gone"
    steps = [f"{s.text} {s.result} {s.note}" for s in row.steps.all()[:12]]
    rows = [f"{r} {r.pod_name} {r.health} {r.weight}" for r in row.registrations.all()]
    return f"{row.phase}: {row.message}\n{outcome}\n{row.problems}\n{steps}\n{rows}"


def drive_some(binding: Binding, outcome: Callable[[], bool]) -> None:
    def seen() -> bool:
        reconcile(binding.pk)
        return outcome()

    wait_until(seen)


def blocked(binding: Binding, code: str) -> Any:
    """One look is enough to say so; the next one is not soon."""
    outcome = reconcile(binding.pk)
    for _ in range(20):
        if Binding.objects.get().phase == "Blocked":
            break
        outcome = reconcile(binding.pk)
    row = Binding.objects.get()
    assert (row.phase, [problem["code"] for problem in row.problems]) == ("Blocked", [code])
    assert isinstance(outcome, Again)
    assert row.due_at is not None
    assert row.observed_at is None or (row.due_at - row.observed_at).total_seconds() > 20
    return row.problems[0]


def service(
    name: str = "bar",
    *,
    app: str = "storefront",
    ports: Iterable[tuple[str, int, int | str]] = (("TCP", 8080, 8080),),
    annotations: dict[str, str] | None = None,
    by: str = "class",
) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "selector": {"app": app},
        "ports": [
            {"name": f"p{n}", "protocol": protocol, "port": port, "targetPort": target}
            for n, (protocol, port, target) in enumerate(ports)
        ],
    }
    said = dict(annotations or {})
    if by == "class":
        spec |= {"type": "LoadBalancer", "loadBalancerClass": "podgate.dev/clb"}
    else:
        said["podgate.dev/claim"] = "clb"
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "shop", "annotations": said},
        "spec": spec,
    }


def create(kube: Kube, binding_of: Any, body: dict[str, Any]) -> Binding:
    """The Service in the cluster, and the Binding that the watcher would make for it."""
    kube.create(path("Service", "shop"), body)
    adopt(binding_of, "shop", body["metadata"]["name"])
    return Binding.objects.get(name=body["metadata"]["name"])


def pods(kube: Kube, app: str = "storefront") -> list[Pod]:
    return kube.get(path("Pod", "shop"), List[Pod], labelSelector=f"app={app}").items


def condition(pod: Pod, kind: str) -> str:
    return next((c.status for c in pod.status.conditions if c.type == kind), "missing")


def all_ready(kube: Kube, app: str = "storefront") -> bool:
    found = pods(kube, app)
    return bool(found) and all(condition(pod, "Ready") == "True" for pod in found)


def is_gone(kube: Kube, name: str = "bar") -> bool:
    try:
        kube.get(path("Service", "shop", name))
    except NotFound:
        return True
    return False


def balancers(account: Account) -> list[dict[str, Any]]:
    """The load balancers podgate made."""
    answer = tencent.call(account, "clb", "DescribeLoadBalancers", {"Limit": 100})
    return [
        row
        for row in answer["LoadBalancerSet"]
        if any(tag["TagKey"] == "podgate-cluster" for tag in row.get("Tags") or ())
    ]


def targets(account: Account) -> set[tuple[tuple[str, int], str, int, int]]:
    """((protocol, port), ip, port, weight) of every target on podgate's load balancers."""
    found = set()
    for balancer in balancers(account):
        asked = {"LoadBalancerId": balancer["LoadBalancerId"]}
        answer = tencent.call(account, "clb", "DescribeTargets", asked)
        for listener in answer.get("Listeners") or ():
            key = (listener["Protocol"], listener["Port"])
            for row in listener.get("Targets") or ():
                found.add((key, row["PrivateIpAddresses"][0], row["Port"], row["Weight"]))
    return found


class Crash(BaseException):
    """The process ends here."""


@contextmanager
def crash_after(number: int) -> Iterator[None]:
    """In this context, after its n-th write through either door."""
    writes = 0

    def listener(call: doors.Call) -> None:
        nonlocal writes
        writes += call.write
        if call.write and writes == number:
            raise Crash

    with doors.listening(listener):
        yield


def leases_end() -> None:
    """Time passes: what a process that ended was at is due for the others."""
    Binding.objects.filter(gates_due_at__isnull=False).update(gates_due_at=timezone.now())
