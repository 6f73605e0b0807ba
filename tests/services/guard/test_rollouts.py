"""The guard against real rollouts in the sandbox, seen through health polls."""

from collections.abc import Callable
from typing import Any

import pytest

from console import attention, kinds, kube
from console.access import Role
from console.kube import Kube, connect, path
from console.models import Activity, Cluster
from services import guard
from services.binding.reconcile import reconcile
from services.models import Binding, Stop
from tests.console import pages
from tests.services.binding.driver import all_ready, create, drive, poll, service
from tests.wait import until
from workloads.index import tables

pytestmark = pytest.mark.django_db(transaction=True)
KINDS = ("Pod", "Deployment", "Service")
RESUME = "/clusters/cls-vpccni01/actions/deployment/resume/"


def indexed(cluster: Cluster) -> None:
    """What the watcher would have written by now."""
    for kind in tables.FOLLOWED:
        if kind.name in KINDS and kind.model is not None and kind.row is not None:
            into: Any = kinds.List[kind.struct]  # type: ignore[name-defined]
            items = connect(cluster).get(path(kind.name), into).items
            tables.store(cluster.pk, kind.model, [kind.row(one) for one in items])
            gone = set(tables.known(cluster.pk, kind)) - {one.metadata.uid for one in items}
            tables.remove(cluster.pk, kind.model, sorted(gone))


def look(binding: Binding) -> None:
    """One round of everything that goes on beside a rollout."""
    indexed(binding.cluster)
    reconcile(binding.pk)
    poll(Binding.objects.filter(pk=binding.pk, lb_status="running"))


def watched(binding: Binding, outcome: Callable[[], Any]) -> None:
    def seen() -> bool:
        look(binding)
        return bool(outcome())

    until(seen)


def deployment(door: Kube) -> dict[str, Any]:
    return door.get(path("Deployment", "shop", "storefront"))


def rolled(door: Kube, *, surge: int, unavailable: int) -> None:
    rolling = {"maxSurge": surge, "maxUnavailable": unavailable}
    template = {"metadata": {"annotations": {"rolled": "yes"}}}
    spec = {"strategy": {"type": "RollingUpdate", "rollingUpdate": rolling}, "template": template}
    door.patch(path("Deployment", "shop", "storefront"), {"spec": spec})


@pytest.fixture
def binding(cluster: Cluster) -> Binding:
    """storefront behind a Service that wants all three of its Pods healthy."""
    door = connect(cluster)
    body = service(annotations={guard.ANNOTATION: "100%"})
    found = create(door, cluster, body)
    drive(found, until=lambda: all_ready(door))
    look(found)
    return found


def test_a_rollout_that_takes_too_much_away_is_paused_once_and_loudly(
    cluster: Cluster, binding: Binding
) -> None:
    door = connect(cluster)
    rolled(door, surge=0, unavailable=1)

    def is_stopped() -> bool:
        """By the very look that saw it, not by a later one."""
        is_seen = Stop.objects.exists()
        assert bool(deployment(door)["spec"].get("paused")) is is_seen
        return is_seen

    watched(binding, is_stopped)
    record = Stop.objects.get()
    assert (record.outcome, record.least, record.healthy) == (Stop.Outcome.HELD, 3, 2)
    assert record.acted_at is not None
    line = Activity.objects.get(verb="guard-pause")
    assert (line.username, line.name, line.ok) == ("podgate", "storefront", True)
    events = door.get(path("Event", "shop"), fieldSelector="reason=TrafficGuard")["items"]
    assert {event["involvedObject"]["kind"] for event in events} == {"Service", "Deployment"}
    indexed(cluster)
    concerns = [concern.subject for concern in attention.report().concerns]
    assert "Deployment shop/storefront" in concerns
    client = pages.visitor(Role.OPERATOR)
    for address in ("services/shop/bar/", "workloads/deployment/shop/storefront/"):
        html = client.get(f"/clusters/cls-vpccni01/{address}").content.decode()
        assert "/actions/deployment/resume/?on=shop/storefront" in html
        assert "/actions/deployment/rollback/?on=shop/storefront" in html

        assert 'formaction="/clusters/cls-vpccni01/actions/deployment/resume/"' in html
        assert '<form id="at-once" method="post" hidden><input type="hidden" name="csrfm' in html

    # Resumed by a person, by that one click, the same revision is not stopped again.
    answer = client.post(RESUME, {"on": "shop/storefront", "to": ""})
    assert answer["Location"].endswith("/workloads/deployment/shop/storefront/rollout/")
    assert not deployment(door)["spec"].get("paused")
    watched(binding, lambda: _is_complete(deployment(door)) and all_ready(door))
    assert Stop.objects.count() == 1
    assert not deployment(door)["spec"].get("paused")


def test_a_healthy_rollout_and_a_change_of_scale_are_left_alone(
    cluster: Cluster, binding: Binding
) -> None:
    door = connect(cluster)
    rolled(door, surge=1, unavailable=0)
    watched(binding, lambda: _is_complete(deployment(door)) and all_ready(door))
    door.patch(path("Deployment", "shop", "storefront"), {"spec": {"replicas": 6}})
    watched(binding, lambda: _is_complete(deployment(door)) and all_ready(door))
    assert not Stop.objects.exists()
    assert not Activity.objects.filter(verb="guard-pause").exists()


def _is_complete(found: dict[str, Any]) -> bool:
    status, wanted = found["status"], found["spec"]["replicas"]
    return bool(
        status.get("observedGeneration") == found["metadata"]["generation"]
        and status.get("updatedReplicas") == status.get("replicas") == wanted
        and status.get("availableReplicas") == wanted
    )


def test_the_floor_is_set_on_the_services_page_with_a_line_in_the_audit_trail(
    cluster: Cluster,
) -> None:
    door = connect(cluster)
    door.create(path("Service", "shop"), service())
    indexed(cluster)
    client = pages.visitor(Role.OPERATOR)
    address = "/clusters/cls-vpccni01/services/shop/bar/guard/set/"
    assert "Give a number" in client.post(address, {"floor": "many"}).content.decode()
    assert client.post(address, {"floor": "60 %"}).status_code == 302
    found = door.get(path("Service", "shop", "bar"))
    assert found["metadata"]["annotations"][guard.ANNOTATION] == "60%"
    line = Activity.objects.get(verb="set-traffic-guard")
    assert line.after == {guard.ANNOTATION: "60%"}
    assert client.post(address, {"floor": ""}).status_code == 302
    assert guard.ANNOTATION not in door.get(path("Service", "shop", "bar"))["metadata"].get(
        "annotations", {}
    )
    assert pages.visitor(Role.VIEWER, "vera").get(address).status_code == 403
    with pytest.raises(kube.NotFound):
        door.get(path("Service", "shop", "no"))
    assert client.get(address.replace("/bar/", "/no/")).status_code == 404
