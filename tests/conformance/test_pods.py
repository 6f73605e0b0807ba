from typing import Any

import pytest

from tests.conformance.place import Place, pod

GATE = "podgate.dev/clb-ready"


def test_a_pod_gets_its_defaults(place: Place) -> None:
    spec = place.made("pods", pod())["spec"]
    assert spec["restartPolicy"] == "Always"
    assert spec["terminationGracePeriodSeconds"] == 30
    assert spec["dnsPolicy"] == "ClusterFirst"
    assert spec["schedulerName"] == "default-scheduler"
    container = spec["containers"][0]
    assert container["imagePullPolicy"] == "IfNotPresent"
    assert container["ports"] == [{"containerPort": 8080, "protocol": "TCP"}]


def test_a_new_pod_is_pending(place: Place) -> None:
    assert place.made("pods", pod())["status"]["phase"] == "Pending"


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"containers": []}, "spec.containers"),
        ({"containers": [{"name": "x"}]}, "spec.containers[0].image"),
        ({"containers": [{"name": "X", "image": "a:1"}]}, "spec.containers[0].name"),
        ({"restartPolicy": "Sometimes"}, "spec.restartPolicy"),
        ({"readinessGates": [{"conditionType": "a b"}]}, "spec.readinessGates[0].conditionType"),
    ],
)
def test_a_pod_that_makes_no_sense_is_refused(
    place: Place, spec: dict[str, Any], field: str
) -> None:
    answer = place.make("pods", pod(**spec))
    assert (answer.code, answer.reason) == (422, "Invalid")
    assert field in answer.causes


def test_readiness_gates_are_for_life(place: Place) -> None:
    place.made("pods", pod())
    patch = {"spec": {"readinessGates": [{"conditionType": GATE}]}}
    answer = place.api.patch(place.path("pods", "web"), patch)
    assert (answer.code, answer.reason) == (422, "Invalid")
    assert "pod updates may not change fields other than" in answer.message


def test_the_image_of_a_pod_may_change(place: Place) -> None:
    place.made("pods", pod())
    patch = {"spec": {"containers": [{"name": "web", "image": "nginx:1.26"}]}}
    answer = place.api.patch(place.path("pods", "web"), patch, "strategic")
    assert answer.body["spec"]["containers"][0]["image"] == "nginx:1.26"


def test_a_condition_is_set_through_the_status_and_merged_by_type(place: Place) -> None:
    place.made("pods", pod(readinessGates=[{"conditionType": GATE}]))
    path = place.path("pods", "web", "status")
    for status in ("False", "True"):
        patch = {"status": {"conditions": [{"type": GATE, "status": status}]}}
        answer = place.api.patch(path, patch, "strategic")
        assert answer.code == 200, answer.body
    conditions = [each for each in answer.body["status"]["conditions"] if each["type"] == GATE]
    assert [each["status"] for each in conditions] == ["True"]


def test_a_status_patch_may_insist_on_the_pods_uid(place: Place) -> None:
    place.made("pods", pod())
    patch = {"metadata": {"uid": "0-0-0"}, "status": {"message": "not yours"}}
    answer = place.api.patch(place.path("pods", "web", "status"), patch, "strategic")
    assert (answer.code, answer.reason) == (409, "Conflict")


def test_the_status_path_leaves_the_spec_alone(place: Place) -> None:
    place.made("pods", pod())
    patch = {"spec": {"terminationGracePeriodSeconds": 1}, "status": {"message": "hello"}}
    answer = place.api.patch(place.path("pods", "web", "status"), patch)
    assert answer.body["status"]["message"] == "hello"
    assert answer.body["spec"]["terminationGracePeriodSeconds"] == 30


def test_an_unscheduled_pod_goes_at_once(place: Place) -> None:
    place.made("pods", pod())
    place.api.delete(place.path("pods", "web"))
    assert place.api.get(place.path("pods", "web")).code == 404
