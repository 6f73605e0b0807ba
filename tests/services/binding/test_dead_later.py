"""A target that is Dead after its Pod was Ready: said at once everywhere; its gate stays open."""

from typing import Any

import pytest
from django.test import Client

from console.kube import Kube, path
from console.models import Cluster
from services.binding import trying
from services.models import Binding, Registration
from services.waiting import waits_of
from tests.services.binding import driver
from tests.wait import until
from workloads.models import Pod

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db(transaction=True)]


def condition(kube: Kube, name: str) -> dict[str, Any]:
    said = kube.get(path("Pod", "shop", name))["status"]["conditions"]
    return next(one for one in said if one["type"] == driver.GATE)


def refuse(kube: Kube, name: str) -> None:
    annotation = {"sandbox.podgate.dev/refuse-connections": "true"}
    kube.patch(path("Pod", "shop", name), {"metadata": {"annotations": annotation}}, kind="merge")


def openings(kube: Kube, binding: Binding) -> tuple[int, int]:
    """How often the timeline and the Events of Pods say that a gate was opened."""
    events = kube.get(path("Event", "shop"))["items"]
    counts = [one.get("count", 1) for one in events if one["reason"] == "GateOpened"]
    return binding.steps.filter(text__startswith="Opened").count(), sum(counts)


def look(binding: Binding) -> None:
    driver.poll(Binding.objects.filter(pk=binding.pk))


def test_gates_are_never_reset_and_say_what_became_of_their_targets(
    kube: Kube, cluster: Cluster
) -> None:
    """A CLB that calls everything Dead sends to all: closing the gates would send to nobody."""
    binding = driver.create(kube, cluster, driver.service())
    driver.drive(binding, until=lambda: driver.all_ready(kube))
    names = [pod.metadata.name for pod in driver.pods(kube)]
    before = {name: condition(kube, name) for name in names}
    opened = openings(kube, binding)
    for name in names:
        refuse(kube, name)

    def is_told() -> bool:
        look(binding)
        trying.look(Binding.objects.get())
        return all("refused on 127." in condition(kube, name)["message"] for name in names)

    until(is_told)
    for name in names:
        now = condition(kube, name)
        assert (now["status"], now["reason"]) == ("True", "Unhealthy")
        assert "says Dead: connection refused" in now["message"]
        assert "The gate stays open for the life of the Pod." in now["message"]
        assert now["lastTransitionTime"] == before[name]["lastTransitionTime"]
    row = Binding.objects.get()
    assert (row.phase, row.message) == ("Degraded", "The CLB says Dead of 3 of 3 targets.")
    # Nobody is told that what was open has opened.
    assert openings(kube, binding) == opened
    assert set(Registration.objects.values_list("weight", flat=True)) == {10}


@pytest.fixture
def dead(cluster: Cluster) -> Pod:
    """A Ready Pod as the index has it, and a ledger that says Dead."""
    from django.utils import timezone

    from workloads.models import Service

    now = timezone.now()
    common = {"cluster": cluster, "namespace": "shop", "resource_version": "1", "created_at": now}
    Service.objects.create(
        uid="s1",
        name="web",
        type="LoadBalancer",
        selector={"app": "web"},
        ports=[{"protocol": "TCP", "port": 80, "targetPort": 8080}],
        **common,
    )
    binding = Binding.objects.create(
        cluster=cluster,
        service_uid="s1",
        namespace="shop",
        name="web",
        phase="Degraded",
        phase_since=now,
        lb_id="lb-1",
    )
    pod = Pod.objects.create(
        uid="p1",
        name="web-1",
        status="Running",
        ready=True,
        containers_ready=True,
        labels={"app": "web"},
        gates=[{"type": driver.GATE, "status": "True", "reason": "", "message": "", "since": None}],
        **common,
    )
    Registration.objects.create(
        binding=binding,
        lb_id="lb-1",
        listener_id="lbl-1",
        protocol="TCP",
        listener_port=80,
        ip="10.0.0.7",
        port=8080,
        pod_uid="p1",
        pod_name="web-1",
        intended_at=now,
        registered_at=now,
        health="Dead",
        health_since=now,
        health_message="connection refused on 10.0.0.7:8080.",
    )
    return pod


def test_its_row_its_page_and_its_service_say_so(dead: Pod, cluster: Cluster) -> None:
    (wait,) = waits_of(cluster, [dead]).values()
    assert (wait.cause, wait.tone) == ("DeadLater", "error")
    client = Client()
    from django.contrib.auth.models import User

    client.force_login(User.objects.create_superuser("ada"))
    root = f"/clusters/{cluster.cluster_id}/"
    words = "The gate is open, but the CLB says Dead of 10.0.0.7:8080 on TCP:80 of lb-1 (shop/web)"
    for page in ("pods/", "pods/shop/web-1/"):
        html = client.get(root + page).text
        assert words in html, page
        assert "connection refused on 10.0.0.7:8080." in html, page
    # A row of the table of targets says Dead and why: once, not again beside the gate.
    html = client.get(f"{root}services/shop/web/").text
    assert "connection refused on 10.0.0.7:8080" in html
    assert words not in html
