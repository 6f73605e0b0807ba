"""MutatingWebhookConfiguration: what is filled in, what is refused."""

from typing import Any

import pytest

from tests.conformance.api import Document
from tests.sandbox.kubernetes.hooks import PATH, PODS, Gate

W = "webhooks[0]"
CLIENT = f"{W}.clientConfig"
RULE = f"{W}.rules[0]"


def test_what_is_left_out_gets_its_defaults(gate: Gate) -> None:
    entry = gate.entry("one.podgate.dev", {"service": {"name": "hook", "namespace": "x"}})
    del entry["namespaceSelector"]
    entry["rules"] = [{**PODS, "resources": ["configmaps"], "operations": ["DELETE"]}]
    [made] = gate.register("one", {**entry, "failurePolicy": "Ignore"})["webhooks"]
    assert (made["matchPolicy"], made["reinvocationPolicy"]) == ("Equivalent", "Never")
    assert made["timeoutSeconds"] == 10
    assert (made["namespaceSelector"], made["objectSelector"]) == ({}, {})
    assert made["rules"][0]["scope"] == "*"
    assert made["clientConfig"]["service"]["port"] == 443


def test_the_policy_is_to_fail(gate: Gate) -> None:
    [made] = gate.register("one", gate.entry("one.podgate.dev"))["webhooks"]
    assert made["failurePolicy"] == "Fail"


BAD: list[tuple[Document, str, str]] = [
    ({"name": "short.name"}, f"{W}.name", "should be a domain with at least three segments"),
    ({"name": "Not.A.Name"}, f"{W}.name", "a lowercase RFC 1123 subdomain must consist of"),
    ({"sideEffects": None}, f"{W}.sideEffects", "must specify one of None, NoneOnDryRun"),
    ({"sideEffects": "Some"}, f"{W}.sideEffects", 'supported values: "None", "NoneOnDryRun"'),
    ({"admissionReviewVersions": []}, f"{W}.admissionReviewVersions", "Required value: must specify"
     " one of v1, v1beta1"),
    ({"admissionReviewVersions": ["v9"]}, f"{W}.admissionReviewVersions", "must include at least "
     "one of v1, v1beta1"),
    ({"admissionReviewVersions": ["v1", "v1"]}, f"{W}.admissionReviewVersions[1]", "duplicate"),
    ({"timeoutSeconds": 0}, f"{W}.timeoutSeconds", "must be between 1 and 30 seconds"),
    ({"timeoutSeconds": 31}, f"{W}.timeoutSeconds", "must be between 1 and 30 seconds"),
    ({"failurePolicy": "Maybe"}, f"{W}.failurePolicy", 'supported values: "Fail", "Ignore"'),
    ({"matchPolicy": "Loose"}, f"{W}.matchPolicy", 'supported values: "Equivalent", "Exact"'),
    ({"reinvocationPolicy": "Often"}, f"{W}.reinvocationPolicy", '"IfNeeded", "Never"'),
    ({"clientConfig": {}}, CLIENT, "exactly one of url or service is required"),
    ({"clientConfig": {"url": "http://a.example/"}}, f"{CLIENT}.url", "'https' is the only allowed "
     "URL scheme; desired format: https://host[/path]"),
    ({"clientConfig": {"url": "https:///a"}}, f"{CLIENT}.url", "host must be specified"),
    ({"clientConfig": {"url": "https://me@a.example/"}}, f"{CLIENT}.url", "user information is"),
    ({"clientConfig": {"url": "https://a.example/?a=b"}}, f"{CLIENT}.url", "query parameters are"),
    ({"clientConfig": {"url": "https://a.example/#a"}}, f"{CLIENT}.url", "fragments are not"),
    ({"clientConfig": {"service": {"name": "a", "namespace": ""}}}, f"{CLIENT}.service.namespace",
     "service namespace is required"),
    ({"clientConfig": {"service": {"name": "a", "namespace": "b", "path": "xy"}}},
     f"{CLIENT}.service.path", "must start with a '/'"),
    ({"clientConfig": {"service": {"name": "a", "namespace": "b", "port": 0}}},
     f"{CLIENT}.service.port", "port is not valid: must be between 1 and 65535, inclusive"),
    ({"namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "Near"}]}},
     f"{W}.namespaceSelector.matchExpressions[0].operator", "not a valid selector operator"),
    ({"rules": [{**PODS, "operations": []}]}, f"{RULE}.operations", "Required value"),
    ({"rules": [{**PODS, "operations": ["*", "CREATE"]}]}, f"{RULE}.operations", "if '*' is"),
    ({"rules": [{**PODS, "operations": ["READ"]}]}, f"{RULE}.operations[0]", "supported values"),
    ({"rules": [{**PODS, "apiGroups": ["*", ""]}]}, f"{RULE}.apiGroups", "other API groups"),
    ({"rules": [{**PODS, "apiVersions": [""]}]}, f"{RULE}.apiVersions[0]", "Required value"),
    ({"rules": [{**PODS, "resources": ["*", "pods"]}]}, f"{RULE}.resources", "without sub"),
    ({"rules": [{**PODS, "resources": ["pods/*", "pods/status"]}]}, f"{RULE}.resources[1]",
     "if 'pods/*' is present, must not specify pods/status"),
    ({"rules": [{**PODS, "scope": "Wide"}]}, f"{RULE}.scope", '"*", "Cluster", "Namespaced"'),
    ({"matchConditions": [{"name": "a", "expression": "object.x.map(y, y)"}]},
     f"{W}.matchConditions[0].expression", "compilation failed"),
    ({"matchConditions": [{"name": "a", "expression": "params.x == 1"}]},
     f"{W}.matchConditions[0].expression", "compilation failed"),
    ({"matchConditions": [{"name": "a b", "expression": "true"}]}, f"{W}.matchConditions[0].name",
     "name part must consist of"),
]  # fmt: skip


@pytest.mark.parametrize(("details", "field", "said"), BAD, ids=range(len(BAD)))
def test_a_configuration_that_makes_no_sense_is_refused(
    gate: Gate, details: dict[str, Any], field: str, said: str
) -> None:
    entry = {**gate.entry("one.podgate.dev"), **details}
    answer = gate.try_register("one", entry)
    assert (answer.code, answer.reason) == (422, "Invalid")
    causes = {each["field"]: each["message"] for each in answer.body["details"]["causes"]}
    assert field in causes, causes
    assert said in causes[field]


def test_two_webhooks_of_one_configuration_have_different_names(gate: Gate) -> None:
    entry = gate.entry("one.podgate.dev")
    answer = gate.try_register("one", entry, entry)
    assert (answer.code, answer.causes) == (422, ["webhooks[1].name"])


def test_a_bundle_that_is_no_base64_cannot_be_read(gate: Gate) -> None:
    client = gate.client(caBundle="not base64!")
    answer = gate.try_register("one", gate.entry("one.podgate.dev", client))
    assert (answer.code, answer.reason) == (400, "BadRequest")
    assert "illegal base64 data at input byte 3" in answer.message


def test_an_update_needs_the_version_it_replaces(gate: Gate) -> None:
    made = gate.register("one", gate.entry("one.podgate.dev"))
    del made["metadata"]["resourceVersion"]
    answer = gate.place.api.replace(f"{PATH}/{made['metadata']['name']}", made)
    assert (answer.code, answer.causes) == (422, ["metadata.resourceVersion"])


def test_who_wrote_what_is_told_by_managed_fields(gate: Gate) -> None:
    made = gate.register("one", gate.entry("one.podgate.dev"))
    path = f"{PATH}/{made['metadata']['name']}"
    operation = {"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": "Ym9ndXM="}
    changed = gate.place.api.patch(path, [operation], "json", fieldManager="vandal")
    assert changed.body["metadata"]["generation"] == 2
    [mine] = [
        entry for entry in changed.body["metadata"]["managedFields"] if entry["manager"] == "vandal"
    ]
    webhook = mine["fieldsV1"]["f:webhooks"]['k:{"name":"one.podgate.dev"}']
    assert webhook == {"f:clientConfig": {"f:caBundle": {}}}
