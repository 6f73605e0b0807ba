"""What a registered webhook is sent and what its answer does (extensible-admission-controllers)."""

import pytest

from tests.conformance.api import Document
from tests.conformance.place import deployment, pod, service
from tests.sandbox.kubernetes.hooks import PODS, Gate
from tests.webhook import Raw, allowed, annotating, patched


def test_the_patch_of_a_webhook_is_stored(gate: Gate) -> None:
    gate.ask(annotating("seen"))
    made = gate.make()
    assert made.code == 201, made.body
    assert made.body["metadata"]["annotations"] == {"seen": "yes"}


def test_a_review_names_the_object_the_operation_and_the_user(gate: Gate) -> None:
    gate.ask(allowed)
    gate.make(fieldManager="tester")
    [review] = gate.webhook.asked
    assert (review["kind"], review["apiVersion"]) == ("AdmissionReview", "admission.k8s.io/v1")
    request = review["request"]
    assert (
        request["kind"] == request["requestKind"] == {"group": "", "version": "v1", "kind": "Pod"}
    )
    resource = {"group": "", "version": "v1", "resource": "pods"}
    assert request["resource"] == request["requestResource"] == resource
    assert (request["name"], request["namespace"]) == ("web", gate.place.namespace)
    assert (request["operation"], request["dryRun"]) == ("CREATE", False)
    assert request["userInfo"]["username"] == "kubernetes-admin"
    assert request["options"]["kind"] == "CreateOptions"
    assert request["options"]["fieldManager"] == "tester"
    assert request["oldObject"] is None
    assert gate.webhook.paths == ["/?timeout=10s"]


def test_a_pod_is_sent_with_its_defaults_and_without_what_storing_adds(gate: Gate) -> None:
    gate.ask(allowed)
    gate.make()
    sent = gate.webhook.asked[0]["request"]["object"]
    assert sent["spec"]["restartPolicy"] == "Always"
    assert sent["spec"]["serviceAccountName"] == "default"
    assert sent["metadata"]["creationTimestamp"] is None
    assert "uid" not in sent["metadata"]
    assert sent["status"] == {}


def test_a_generated_name_does_not_exist_yet(gate: Gate) -> None:
    gate.ask(allowed)
    body = pod()
    body["metadata"] = {"generateName": "web-"}
    assert gate.place.make("pods", body).body["metadata"]["name"].startswith("web-")
    request = gate.webhook.asked[0]["request"]
    assert "name" not in request
    assert "name" not in request["object"]["metadata"]


def test_a_dry_run_is_asked_about_and_stores_nothing(gate: Gate) -> None:
    gate.ask(annotating("seen"))
    assert gate.make(dryRun="All").body["metadata"]["annotations"] == {"seen": "yes"}
    request = gate.webhook.asked[0]["request"]
    assert (request["dryRun"], request["options"]["dryRun"]) == (True, ["All"])
    assert gate.place.api.get(gate.place.path("pods", "web")).code == 404


def test_a_pod_gets_its_defaults_again_after_a_patch(gate: Gate) -> None:
    container = {"name": "side", "image": "busybox:1"}
    operation = {"op": "add", "path": "/spec/containers/-", "value": container}
    gate.ask(lambda review: patched(review, operation))
    side = gate.make().body["spec"]["containers"][1]
    assert side["imagePullPolicy"] == "IfNotPresent"


def test_the_version_the_webhook_lists_first_is_spoken(gate: Gate) -> None:
    gate.ask(annotating("seen"), admissionReviewVersions=["v9", "v1beta1", "v1"])
    assert gate.make().body["metadata"]["annotations"] == {"seen": "yes"}
    assert gate.webhook.asked[0]["apiVersion"] == "admission.k8s.io/v1beta1"


def test_v1beta1_checks_neither_uid_nor_patch_type(gate: Gate) -> None:
    def sloppy(review: Document) -> Document:
        answer: Document = annotating("seen")(review)
        del answer["response"]["uid"], answer["response"]["patchType"]
        return answer

    gate.ask(sloppy, admissionReviewVersions=["v1beta1"])
    assert gate.make().body["metadata"]["annotations"] == {"seen": "yes"}


def test_a_refusal_carries_the_webhooks_code_and_message(gate: Gate) -> None:
    status = {"code": 403, "message": "not on a Monday", "reason": "Forbidden"}
    gate.ask(lambda review: allowed(review, allowed=False, status=status))
    answer = gate.make()
    assert (answer.code, answer.reason) == (403, "Forbidden")
    said = 'admission webhook "one.podgate.dev" denied the request: not on a Monday'
    assert answer.message == said


def test_a_refusal_without_a_status_is_a_400_without_explanation(gate: Gate) -> None:
    gate.ask(lambda review: allowed(review, allowed=False))
    answer = gate.make()
    assert answer.code == 400
    said = 'admission webhook "one.podgate.dev" denied the request without explanation'
    assert answer.message == said


def test_a_refusal_counts_even_where_failures_are_ignored(gate: Gate) -> None:
    gate.ask(lambda review: allowed(review, allowed=False), failurePolicy="Ignore")
    assert gate.make().code == 400


def test_warnings_reach_the_client(gate: Gate) -> None:
    gate.ask(lambda review: allowed(review, warnings=["mind the gap", "bad\nline"]))
    assert gate.make().headers["warning"] == '299 - "mind the gap"'


def test_warnings_reach_the_client_with_a_refusal_too(gate: Gate) -> None:
    gate.ask(lambda review: allowed(review, allowed=False, warnings=["told you"]))
    assert gate.make().headers["warning"] == '299 - "told you"'


def test_a_connection_serves_many_requests(gate: Gate) -> None:
    gate.ask(allowed)
    for number in range(5):
        assert gate.make(f"web-{number}").code == 201
    assert (len(gate.webhook.asked), gate.webhook.connections) == (5, 1)


def test_a_connection_the_webhook_closed_is_opened_anew(gate: Gate) -> None:
    gate.ask(allowed, failurePolicy="Fail")
    for number in range(3):
        gate.webhook.on("/", lambda review: Raw(body=None) if len(gate.webhook.asked) == 2 else
                        allowed(review))  # fmt: skip
        assert gate.make(f"web-{number}").code == 201


def test_updates_come_with_the_old_object(gate: Gate) -> None:
    gate.ask(annotating("seen"), rules=[{**PODS, "operations": ["UPDATE"]}])
    gate.make()
    path = gate.place.path("pods", "web")
    changed = gate.place.api.patch(path, {"metadata": {"labels": {"a": "b"}}})
    assert changed.body["metadata"]["annotations"] == {"seen": "yes"}
    # Once more if the scheduler wrote meanwhile, as a real server does.
    request = gate.webhook.asked[-1]["request"]
    assert (request["operation"], request["options"]["kind"]) == ("UPDATE", "UpdateOptions")
    assert "a" not in request["oldObject"]["metadata"]["labels"]
    assert request["object"]["metadata"]["labels"]["a"] == "b"


def test_a_status_is_written_past_webhooks_for_pods_alone(gate: Gate) -> None:
    gate.ask(allowed, rules=[{**PODS, "operations": ["UPDATE"]}])
    gate.make()
    gate.place.api.patch(gate.place.path("pods", "web", "status"), {"status": {"message": "x"}})
    assert gate.webhook.asked == []


@pytest.mark.parametrize("resource", ["pods/status", "*/status", "pods/*", "*/*"])
def test_a_subresource_is_asked_about_by_name_or_star(gate: Gate, resource: str) -> None:
    gate.ask(allowed, rules=[{**PODS, "operations": ["UPDATE"], "resources": [resource]}])
    gate.make()
    gate.place.api.patch(gate.place.path("pods", "web", "status"), {"status": {"message": "x"}})
    review = gate.webhook.asked[-1]
    assert (review["request"]["subResource"], review["request"]["name"]) == ("status", "web")


def test_deletions_have_no_object_and_cannot_be_patched(gate: Gate) -> None:
    gate.ask(allowed, rules=[{**PODS, "operations": ["DELETE"]}])
    gate.make()
    gate.webhook.on("/", lambda review: patched(review, {"op": "remove", "path": "/metadata"}))
    answer = gate.place.api.delete(gate.place.path("pods", "web"))
    assert answer.code == 500
    assert "attempted to modify the object, which is not supported" in answer.message
    request = gate.webhook.asked[0]["request"]
    assert (request["operation"], request["object"]) == ("DELETE", None)
    assert request["oldObject"]["metadata"]["name"] == "web"


def test_scaling_is_asked_about_as_a_scale(gate: Gate) -> None:
    rule = {"operations": ["*"], "apiGroups": ["apps"], "apiVersions": ["*"],
            "resources": ["deployments/scale"]}  # fmt: skip
    gate.ask(allowed, rules=[rule])
    gate.place.made("apps/v1/deployments", deployment())
    path = gate.place.path("apps/v1/deployments", "web", "scale")
    gate.place.api.patch(path, {"spec": {"replicas": 0}})
    request = gate.webhook.asked[0]["request"]
    assert request["kind"] == {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    assert request["resource"]["resource"] == "deployments"


def test_other_kinds_are_asked_about_too(gate: Gate) -> None:
    rule = {"operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"]}
    gate.ask(annotating("seen"), rules=[rule])
    made = gate.place.made("services", service())
    assert made["metadata"]["annotations"] == {"seen": "yes"}
    assert made["spec"]["clusterIP"]
