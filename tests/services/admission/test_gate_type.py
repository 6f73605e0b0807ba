"""TKE's condition is written by podgate only where nobody else does."""

from typing import Any

import pytest

from console.kube import connect, path
from console.models import Activity, Cluster
from services.admission import gate_type
from services.admission.gate_type import OWN_GATE, writers
from tests.services.binding.driver import pods
from tests.wait import until
from tests.workloads.index import put_gated_pod
from workloads.views.rows import TKE_GATE

KEY = f'k:{{"type":"{TKE_GATE}"}}'


def pod(manager: str, key: str = KEY) -> dict[str, Any]:
    fields: dict[str, Any] = {"f:status": {"f:conditions": {key: {".": {}, "f:status": {}}}}}
    entry = {"manager": manager, "operation": "Update", "subresource": "status", "fieldsV1": fields}
    return {"metadata": {"namespace": "shop", "name": "web-1", "managedFields": [entry]}}


def test_another_writer_is_found_by_managed_fields() -> None:
    assert list(writers([pod("service-controller")], TKE_GATE)) == [
        ("service-controller", "shop/web-1")
    ]


@pytest.mark.parametrize(
    "other",
    [pod("podgate"), pod("kubelet", 'k:{"type":"Ready"}'), {"metadata": {"name": "web-1"}}],
    ids=["ourselves", "another condition", "no fields"],
)
def test_all_others_are_no_reason(other: dict[str, Any]) -> None:
    assert list(writers([other], TKE_GATE)) == []


@pytest.mark.sandbox
@pytest.mark.django_db
def test_tkes_type_is_refused_while_its_controller_writes_it(cluster: Cluster) -> None:
    assert gate_type.why_not(cluster, TKE_GATE) == ""
    assert gate_type.why_not(cluster, OWN_GATE) == ""
    kube = connect(cluster)
    until(lambda: pods(kube))
    name = pods(kube)[0].metadata.name
    condition = {"type": TKE_GATE, "status": "False", "reason": "", "message": ""}
    where = path("Pod", "shop", name, "status")
    kube.patch(
        where,
        {"status": {"conditions": [condition]}},
        kind="strategic",
        fieldManager="service-controller",
    )
    assert "service-controller writes this condition" in gate_type.why_not(cluster, TKE_GATE)


@pytest.mark.django_db
def test_pods_that_wait_keep_the_type(cluster: Cluster) -> None:
    put_gated_pod(cluster, "web-1")
    why = gate_type.why_not(cluster, TKE_GATE)
    assert "Pods wait for the gate" in why
    assert "web-1" in why


@pytest.mark.django_db
def test_a_change_leaves_its_line(cluster: Cluster) -> None:
    from django.contrib.auth.models import AnonymousUser

    gate_type.change(AnonymousUser(), cluster, TKE_GATE)
    cluster.refresh_from_db()
    assert cluster.gate_type == TKE_GATE
    (line,) = Activity.objects.filter(verb="change", kind="Cluster")
    assert line.after == {"gate_type": TKE_GATE}
