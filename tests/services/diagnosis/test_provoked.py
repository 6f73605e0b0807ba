"""What holds workloads, targets and Services up, provoked in the sandbox: explain and pages say it.

Few worlds and many causes in each: none of them has anything to do with another.
"""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from console import doors
from console.doors import Call
from console.kube import Kube, path
from console.models import Cluster
from services import guard
from services.diagnosis.gates import TKE_GATE
from services.models import Binding, Lease, Registration
from tests.services.binding.driver import (
    GATE,
    all_ready,
    condition,
    create,
    drive,
    drive_some,
    pods,
    service,
)
from tests.services.diagnosis.world import SHOP, explained, index, run, shown, told
from tests.services.guard.test_rollouts import look, rolled, watched
from tests.wait import until
from tests.world import World
from workloads.history.notes import Note, note
from workloads.timeline import Stage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sandbox]
SUBNET = "service.kubernetes.io/qcloud-loadbalancer-internal-subnetid"
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"


def make(kube: Kube, kind: str, name: str, **spec: Any) -> None:
    """A workload of plain Pods."""
    container = {"name": "web", "image": "shop/web:1", "ports": [{"containerPort": 8080}]}
    labels = {"app": name}
    body: dict[str, Any] = {
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            **spec,
        },
    }
    if kind == "StatefulSet":
        body["spec"]["serviceName"] = name
    kube.create(path(kind, "shop"), body)


def nobody_answers(kube: Kube, app: str) -> None:
    """A webhook that must be asked before such a Pod is made, and is not there."""
    webhook = {
        "name": "pods.example.com",
        "clientConfig": {"url": "https://127.0.0.1:1/mutate"},
        "rules": [
            {
                "apiGroups": [""],
                "apiVersions": ["v1"],
                "operations": ["CREATE"],
                "resources": ["pods"],
            }
        ],
        "objectSelector": {"matchLabels": {"app": app}},
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 1,
    }
    kube.create(WEBHOOKS, {"metadata": {"name": "nobody"}, "webhooks": [webhook]})


def ready(kube: Kube, kind: str, name: str) -> bool:
    found = kube.get(path(kind, "shop", name))
    return bool(found["status"].get("readyReplicas", 0) == found["spec"]["replicas"])


def found_by_both(
    cluster: Cluster, kube: Kube, client: Client, causes: list[tuple[str, str, str]]
) -> None:
    """(object, code, words): by explain first, then by the region of its page."""
    for what, code, words in causes:
        found = until(told(what, code))
        assert words in found["sentence"] + found["next_step"], found
        assert found["evidence"]
    index(cluster, kube)
    for what, code, _ in causes:
        shown(client, _page(what), code)


def _page(what: str) -> str:
    kind, _, name = what.partition(" ")
    folder = {"pod": "pods", "service": "services"}.get(kind, f"workloads/{kind}")
    return f"{folder}/{name}/"


def test_what_holds_workloads_up(cluster: Cluster, kube: Kube, client: Client) -> None:
    nobody_answers(kube, "barred")
    make(kube, "Deployment", "barred")
    make(kube, "StatefulSet", "kept", updateStrategy={"type": "OnDelete"})
    partition = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    make(kube, "StatefulSet", "split", replicas=2, updateStrategy=partition)
    kube.create(path("Service", "shop"), service("lonely", app="nobody"))
    run(kube, "theirs", readinessGates=[{"conditionType": TKE_GATE}])
    linger(cluster, kube)
    for name in ("cart", "kept", "split"):
        until(lambda name=name: ready(kube, "StatefulSet", name))  # type: ignore[misc]
    change = {"spec": {"template": {"metadata": {"annotations": {"rolled": "1"}}}}}
    for name in ("kept", "split"):
        kube.patch(path("StatefulSet", "shop", name), change)
    missing = {"containers": [{"name": "cart", "image": "shop/cart:missing"}]}
    body = {"spec": {"template": {"spec": missing}}}
    kube.patch(path("StatefulSet", "shop", "cart"), body)
    causes = [
        ("deployment shop/barred", "ReplicaFailure", "The webhook does not answer"),
        ("statefulset shop/cart", "WaitingInOrder", "it waits for cart-1"),
        ("statefulset shop/kept", "OnDelete", "1 Pods keep the old revision"),
        ("statefulset shop/split", "Partition", "Partition 1 keeps"),
        ("service shop/lonely", "NoPods", "app=nobody"),
        ("pod shop/theirs", "OtherGate", TKE_GATE),
        ("pod shop/lingers", "Terminating", "its grace period is 1 s"),
    ]
    found_by_both(cluster, kube, client, causes)


def linger(cluster: Cluster, kube: Kube) -> None:
    """A Pod that a finalizer keeps; the watcher saw it begin to go two minutes ago."""
    run(kube, "lingers", terminationGracePeriodSeconds=1)
    where = path("Pod", "shop", "lingers")
    until(lambda: kube.get(where)["status"].get("podIP"))
    kept = {"metadata": {"finalizers": ["example.com/keep"]}}
    uid = kube.patch(where, kept, kind="merge")["metadata"]["uid"]
    kube.delete(where)
    note(cluster.pk, [Note(uid, Stage.TERMINATING, timezone.now() - timedelta(minutes=2))])


def test_what_a_target_waits_for(
    cluster: Cluster, kube: Kube, client: Client, sandbox: World
) -> None:
    until(lambda: [condition(pod, "ContainersReady") for pod in pods(kube)] == ["True"] * 3)
    name = pods(kube)[0].metadata.name
    what, page = f"pod shop/{name}", f"pods/shop/{name}/"
    binding = create(kube, cluster, service())
    index(cluster, kube)
    assert "a load balancer to come (shop/bar)" in until(told(what, "Registering"))["sentence"]
    shown(client, page, "Registering")

    with doors.listening(another_worker_takes_over(binding)):
        drive_some(binding, lambda: bool(told(what, "Lease")()))
    shown(client, page, "Lease")
    Lease.objects.update(holder="", until=timezone.now())

    for fault, code in (("throttle", "Throttled"), ("busy", "Busy"), ("error_500", "Retrying")):
        sandbox.fault("tencent", fault, action="BatchRegisterTargets")
        drive_some(binding, lambda code=code: bool(told(what, code)()))  # type: ignore[misc]
        shown(client, page, code)
        until(told("deployment shop/storefront", code))
        sandbox.heal()

    sandbox.fault("tencent", "missing_health")
    registered = Registration.objects.filter(binding=binding, registered_at__isnull=False)
    drive(binding, until=lambda: registered.count() == 3)
    # podgate's clock is real and nobody waits for it here: first no time passes, then too much.
    registered.update(registered_at=timezone.now() + timedelta(hours=1))
    assert "0 of 3 probes made, ~15 s left" in until(told(what, "Checking"))["sentence"]
    shown(client, page, "Checking")
    registered.update(registered_at=timezone.now() - timedelta(minutes=1))
    until(told(what, "Overdue"))
    shown(client, page, "Overdue")
    another_owner(kube, name)
    found = until(told(what, "TwoOwners"))
    assert "service-controller" in found["sentence"]
    shown(client, page, "TwoOwners")

    sandbox.heal()
    drive(binding, until=lambda: all_ready(kube))
    kube.delete(path("Service", "shop", "bar"))
    drive_some(binding, lambda: Binding.objects.get().phase == "Deleting")
    index(cluster, kube)
    assert told("service shop/bar", "Terminating")()
    shown(client, "services/shop/bar/", "Terminating")


def another_worker_takes_over(binding: Binding) -> Any:
    """While a call takes its time the lease runs out, and somebody else has it for a minute."""

    def slow(call: Call) -> None:
        if call.action == "CreateListener":
            begun = time.monotonic()
            until(lambda: time.monotonic() - begun > 2.1)
            later = timezone.now() + timedelta(minutes=1)
            lb_id = Binding.objects.get(pk=binding.pk).lb_id
            Lease.objects.filter(key=lb_id).update(holder="another", until=later)

    return slow


def another_owner(kube: Kube, name: str) -> None:
    """TKE's controller writes the same condition of the same Pod."""
    body = {"status": {"conditions": [{"type": GATE, "status": "False", "reason": "Theirs"}]}}
    where = path("Pod", "shop", name, "status")
    kube.patch(where, body, fieldManager="service-controller")


def are_older(kube: Kube, app: str, *, count: int) -> bool:
    """Older than what is made from now on, by clocks that count whole seconds."""
    made = [pod.metadata.creation_timestamp for pod in pods(kube, app)]
    this_second = timezone.now().replace(microsecond=0)
    return len(made) == count and all(at is not None and at < this_second for at in made)


def test_what_only_the_user_can_mend(
    cluster: Cluster, kube: Kube, client: Client, sandbox: World
) -> None:
    sandbox.control("tencent", "POST", "quota", {"TOTAL_TARGET_BIND_QUOTA": 2})
    until(lambda: [condition(pod, "ContainersReady") for pod in pods(kube)] == ["True"] * 3)
    until(lambda: are_older(kube, "reviews", count=2))
    gate = [{"conditionType": GATE}]
    run(kube, "hosted", hostNetwork=True, readinessGates=gate, container={"ports": []})
    services = {
        "bar": service(),
        "full": service("full", app="catalog", annotations={SUBNET: "subnet-full01"}),
        "hosted": service("hosted", app="hosted"),
        "late": service("late", app="reviews"),
    }
    bindings = {name: create(kube, cluster, body) for name, body in services.items()}
    index(cluster, kube)
    waits_for = {
        "bar": ("deployment shop/storefront", "Quota"),
        "full": ("service shop/full", "Blocked"),
        "hosted": ("pod shop/hosted", "Excluded"),
    }
    for name, (what, code) in waits_for.items():
        drive_some(bindings[name], lambda at=(what, code): bool(told(*at)()))  # type: ignore[misc]
    catalog = pods(kube, "catalog")[0].metadata.name
    causes = [
        ("deployment shop/storefront", "Quota", "account's quota"),
        ("service shop/full", "Blocked", "subnet"),
        (f"pod shop/{catalog}", "Blocked", "Service shop/full"),
        ("pod shop/hosted", "Excluded", "the host's network"),
        ("deployment shop/reviews", "NoGate", "Service late came later"),
    ]
    found_by_both(cluster, kube, client, causes)


def test_a_rollout_that_the_traffic_guard_holds_is_explained(
    cluster: Cluster, kube: Kube, client: Client
) -> None:
    until(lambda: len(pods(kube)) == 3)
    binding = create(kube, cluster, service(annotations={guard.ANNOTATION: "100%"}))
    drive(binding, until=lambda: all_ready(kube))
    look(binding)
    rolled(kube, surge=0, unavailable=1)
    where = path("Deployment", "shop", "storefront")
    watched(binding, lambda: kube.get(where)["spec"].get("paused"))
    index(cluster, kube)
    found = until(told("deployment shop/storefront", "HeldByTrafficGuard"))
    assert "had 2 healthy targets; its floor is 3" in found["sentence"]
    # On pages it has a place and buttons of its own.
    html = client.get(f"{SHOP}/workloads/deployment/shop/storefront/").content.decode()
    assert "/actions/deployment/resume/?on=shop/storefront" in html
    assert explained("service shop/bar")
