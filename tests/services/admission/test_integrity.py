"""Damage in the cluster is repaired by itself, once, and written down."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from console.kube import Kube, NotFound, connect, path
from console.models import Activity, Cluster
from services.admission import certificates
from services.admission.configuration import OWN_LABEL, SECRET, SYSTEM_NAMESPACE
from services.models import Repair
from tests.services.admission.conftest import ID, Webhook, layer
from tests.services.admission.test_webhook import claim
from tests.wait import until
from tests.world import World

pytestmark = pytest.mark.sandbox
WHERE = path("MutatingWebhookConfiguration", name=f"podgate-{ID}")
TLS = path("Secret", SYSTEM_NAMESPACE, SECRET)


def names(kube: Kube) -> list[str]:
    try:
        return [entry["name"] for entry in kube.get(WHERE)["webhooks"]]
    except NotFound:
        return []


@pytest.fixture
def kube(ready: Webhook, cluster: Cluster) -> Kube:
    """The real entry stands: a Service is claimed and the probe was answered."""
    claim(cluster)
    door = connect(cluster)
    until(lambda: names(door) == ["pods.podgate.dev", "probe.podgate.dev"])
    return door


def repairs() -> list[str]:
    return list(Repair.objects.values_list("what", flat=True))


def test_a_pod_of_a_claimed_service_carries_the_gate_when_it_is_made(kube: Kube) -> None:
    where = path("Pod", "shop")
    container = {"name": "web", "image": "web:1"}
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "by-hand", "labels": {"app": "storefront"}},
        "spec": {"containers": [container]},
    }
    made = kube.create(where, body)
    assert made["spec"]["readinessGates"] == [{"conditionType": "podgate.dev/clb-ready"}]
    assert "podgate.dev/injected-for" in made["metadata"]["annotations"]
    until(lambda: layer().probe_ok)
    assert not repairs()


def test_a_first_registration_is_no_repair_but_leaves_its_line(kube: Kube) -> None:
    until(lambda: layer().registered_at)
    lines = Activity.objects.filter(kind="MutatingWebhookConfiguration")
    until(lambda: lines.filter(verb="create").exists() and lines.filter(verb="update").exists())
    assert not repairs()


def test_a_deleted_registration_comes_back_whole(kube: Kube) -> None:
    before = kube.get(WHERE)["webhooks"]
    kube.delete(WHERE)
    until(lambda: names(kube) == ["pods.podgate.dev", "probe.podgate.dev"])
    assert kube.get(WHERE)["webhooks"] == before
    until(lambda: repairs() == ["ConfigurationDeleted"])
    # Written after the repair, by another process.
    until(lambda: Activity.objects.filter(verb="repair", cluster=ID).count() == 1)


EDITS: dict[str, tuple[str, Any, str]] = {
    "another bundle": ("/clientConfig/caBundle", "Ym9ndXM=", "CaBundleReplaced"),
    "another policy": ("/failurePolicy", "Fail", "FieldChanged"),
    "a longer time-out": ("/timeoutSeconds", 30, "FieldChanged"),
    "everything": ("/namespaceSelector", {}, "FieldChanged"),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_undone_and_its_writer_named(kube: Kube, name: str) -> None:
    where, value, what = EDITS[name]
    before = kube.get(WHERE)["webhooks"]
    edit = [{"op": "replace", "path": f"/webhooks/0{where}", "value": value}]
    kube.patch(WHERE, edit, kind="json", fieldManager="kubectl-edit")
    until(lambda: kube.get(WHERE)["webhooks"] == before)
    until(lambda: repairs() == [what])
    found = Repair.objects.get()
    assert found.manager == "kubectl-edit"
    # Its event, or a look that was under way just then.
    assert found.found_by in {"Watch", "Sweep"}
    assert found.before != found.after


def secret(kube: Kube) -> certificates.Pair | None:
    try:
        found = kube.get(TLS)["data"]
    except NotFound:
        return None
    return certificates.Pair(*(base64.b64decode(found[k]).decode() for k in ("tls.crt", "tls.key")))


def broken(kube: Kube) -> None:
    data = kube.get(TLS)["data"] | {"tls.key": base64.b64encode(b"no key").decode()}
    kube.patch(TLS, {"data": data}, kind="merge", fieldManager="kubectl-edit")


def deleted(kube: Kube) -> None:
    kube.delete(TLS)


def without_its_namespace(kube: Kube) -> None:
    kube.delete(path("Namespace", name=SYSTEM_NAMESPACE))


@pytest.mark.parametrize("damage", [broken, deleted, without_its_namespace])
def test_the_secret_comes_back(kube: Kube, ready: Webhook, damage: Callable[[Kube], None]) -> None:
    pair = ready.front.pair
    until(lambda: secret(kube) == pair)
    damage(kube)
    until(lambda: secret(kube) == pair and repairs())


def test_all_at_once(kube: Kube, ready: Webhook) -> None:
    pair = ready.front.pair
    until(lambda: secret(kube) == pair)
    kube.delete(WHERE)
    deleted(kube)
    until(lambda: len(names(kube)) == 2 and secret(kube) == pair)
    until(lambda: {"ConfigurationDeleted", "SecretDeleted"} == set(repairs()))


def test_before_1_21_namespaces_are_selected_by_our_own_label(
    ready: Webhook, cluster: Cluster
) -> None:
    """Nothing but a sweep tells that the label was taken away."""
    Cluster.objects.update(kubernetes_version="v1.18.4-tke.1")
    claim(cluster)
    door, where = connect(cluster), path("Namespace", name="shop")

    def selected_by() -> set[str]:
        entries = door.get(WHERE)["webhooks"] if names(door) else []
        selectors = [entry["namespaceSelector"]["matchExpressions"] for entry in entries]
        return {rule["key"] for rules in selectors for rule in rules}

    def label() -> str:
        return str((door.get(where)["metadata"].get("labels") or {}).get(OWN_LABEL, ""))

    until(lambda: len(names(door)) == 2 and selected_by() == {OWN_LABEL})
    until(lambda: label() == "shop")
    door.patch(where, {"metadata": {"labels": {OWN_LABEL: None}}}, kind="merge")
    until(lambda: label() == "shop")
    pod = {
        "metadata": {"name": "by-hand", "labels": {"app": "storefront"}},
        "spec": {"containers": [{"name": "web", "image": "web:1"}]},
    }
    assert door.create(path("Pod", "shop"), pod)["spec"]["readinessGates"]


def test_what_is_refused_is_written_down_and_keeps_nothing_else_from_being_mended(
    kube: Kube, sandbox: World
) -> None:
    """The right to write Secrets was taken away; the registration is repaired all the same."""
    until(lambda: secret(kube))
    sandbox.fault("kubernetes", "forbidden", action="create", match={"resource": "secrets"})
    deleted(kube)
    failed = Repair.objects.filter(ok=False, what="SecretDeleted")
    until(failed.exists)
    assert "forbidden" in failed.get().message
    kube.delete(WHERE)
    until(lambda: len(names(kube)) == 2)
    assert secret(kube) is None
    sandbox.heal()
    until(lambda: secret(kube))
    until(Repair.objects.filter(ok=True, what="SecretDeleted").exists)
    assert failed.count() == 1


def test_the_real_entry_waits_for_the_probe(ready: Webhook, cluster: Cluster) -> None:
    """An address nobody answers at: the API server says so in its own words."""
    row = layer()
    row.url = "https://127.0.0.1:9"
    row.save(update_fields=["url"])
    claim(cluster)
    until(lambda: layer().probe_ok is False and "127.0.0.1:9" in layer().probe_message)
    assert 'failed calling webhook "probe.podgate.dev"' in layer().probe_message


def test_a_ca_rotates_without_a_moment_of_distrust(kube: Kube, ready: Webhook) -> None:
    from services.admission import layers

    row = layer()
    old = row.ca_certificate
    layers.rotate(row, timezone.now())
    row.save()

    def is_over() -> bool:
        # Whatever stands, the API server reaches us through it.
        made = kube.create(
            path("Pod", "shop"),
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"generateName": "web-", "labels": {"app": "storefront"}},
                "spec": {"containers": [{"name": "web", "image": "web:1"}]},
            },
            dryRun="All",
        )
        assert made["spec"].get("readinessGates")
        now = layer()
        return now.ca_certificate != old and not now.old_ca_certificate and not now.next_ca_key

    until(is_over, every=0.2)
    bundle = base64.b64encode(layer().ca_certificate.encode()).decode()
    until(lambda: kube.get(WHERE)["webhooks"][0]["clientConfig"]["caBundle"] == bundle)
    assert not repairs()


def test_a_writer_that_does_not_give_in_is_answered_once_a_minute_and_named(kube: Kube) -> None:
    where = "/webhooks/0/clientConfig/caBundle"
    edit = [{"op": "replace", "path": where, "value": "Ym9ndXM="}]

    def bundle() -> str:
        return str(kube.get(WHERE)["webhooks"][0]["clientConfig"]["caBundle"])

    for _ in range(5):
        kube.patch(WHERE, edit, kind="json", fieldManager="stubborn")
        until(lambda: bundle() != "Ym9ndXM=")
    kube.patch(WHERE, edit, kind="json", fieldManager="stubborn")
    until(lambda: "stubborn damages pods.podgate.dev.clientConfig.caBundle" in layer().warning)
    assert bundle() == "Ym9ndXM="
    assert repairs() == ["CaBundleReplaced"] * 5
