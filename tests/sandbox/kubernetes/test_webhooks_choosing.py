"""Which webhooks are asked, in what order, and which are asked again."""

from typing import Any

import pytest

from tests.conformance.api import Document
from tests.conformance.place import pod
from tests.sandbox.kubernetes.hooks import PATH, PODS, Gate
from tests.webhook import Answerer, allowed, annotating, patched


def _is_asked(gate: Gate, **details: Any) -> bool:
    gate.ask(allowed, **details)
    answer = gate.make()
    assert answer.code == 201, answer.body
    return bool(gate.webhook.asked)


@pytest.mark.parametrize(
    ("rule", "asked"),
    [
        ({"operations": ["*"]}, True),
        ({"operations": ["UPDATE", "DELETE"]}, False),
        ({"apiGroups": ["*"]}, True),
        ({"apiGroups": ["apps"]}, False),
        ({"apiVersions": ["*"]}, True),
        ({"apiVersions": ["v2"]}, False),
        ({"resources": ["*"]}, True),
        ({"resources": ["*/*"]}, True),
        ({"resources": ["pods/*"]}, True),
        ({"resources": ["pods/status"]}, False),
        ({"resources": ["services"]}, False),
        ({"scope": "Namespaced"}, True),
        ({"scope": "Cluster"}, False),
    ],
)
def test_a_rule_names_operations_groups_versions_resources_and_scope(
    gate: Gate, rule: Document, asked: bool
) -> None:
    assert _is_asked(gate, rules=[{**PODS, **rule}]) is asked


def test_one_rule_of_several_is_enough(gate: Gate) -> None:
    assert _is_asked(gate, rules=[{**PODS, "resources": ["services"]}, PODS])


@pytest.mark.parametrize(
    ("expression", "asked"),
    [
        ({"operator": "In", "values": ["here", "there"]}, True),
        ({"operator": "NotIn", "values": ["here"]}, False),
        ({"operator": "Exists"}, True),
        ({"operator": "DoesNotExist"}, False),
    ],
)
def test_a_namespace_selector_reads_the_namespaces_labels(
    gate: Gate, expression: Document, asked: bool
) -> None:
    namespace = f"/api/v1/namespaces/{gate.place.namespace}"
    gate.place.api.patch(namespace, {"metadata": {"labels": {"site": "here"}}})
    own = {"kubernetes.io/metadata.name": gate.place.namespace}
    selector = {"matchLabels": own, "matchExpressions": [{"key": "site", **expression}]}
    assert _is_asked(gate, namespaceSelector=selector) is asked


def test_a_namespace_carries_its_name_as_a_label_whatever_is_written(gate: Gate) -> None:
    namespace = f"/api/v1/namespaces/{gate.place.namespace}"
    label = "kubernetes.io/metadata.name"
    changed = gate.place.api.patch(namespace, {"metadata": {"labels": {label: "another"}}})
    assert changed.body["metadata"]["labels"][label] == gate.place.namespace


@pytest.mark.parametrize(("label", "asked"), [("web", True), ("other", False)])
def test_an_object_selector_reads_the_objects_labels(gate: Gate, label: str, asked: bool) -> None:
    assert _is_asked(gate, objectSelector={"matchLabels": {"app": label}}) is asked


@pytest.mark.parametrize(
    ("expression", "asked"),
    [
        ("true", True),
        ("object.metadata.name == 'web'", True),
        ('request.namespace.startsWith("conformance-") || request.dryRun', False),
        ("!has(object.spec.hostNetwork) || !object.spec.hostNetwork", True),
        ("'app' in object.metadata.labels && object.metadata.labels['app'] != 'web'", False),
        ("size(object.spec.containers) == 1 ? oldObject == null : false", True),
        ("request.userInfo.username in ['nobody', \"root\"]", False),
    ],
)
def test_a_match_condition_decides_on_the_object(gate: Gate, expression: str, asked: bool) -> None:
    conditions = [{"name": "here", "expression": expression}]
    assert _is_asked(gate, matchConditions=conditions) is asked


def test_a_condition_that_cannot_be_evaluated_refuses_where_the_policy_is_fail(gate: Gate) -> None:
    conditions = [{"name": "bad", "expression": "object.spec.nothing.at.all"}]
    gate.ask(allowed, matchConditions=conditions)
    answer = gate.make()
    assert (answer.code, answer.reason) == (403, "Forbidden")
    assert "resulted in error: no such key: nothing" in answer.message


def test_a_condition_that_cannot_be_evaluated_skips_where_the_policy_is_ignore(gate: Gate) -> None:
    conditions = [{"name": "bad", "expression": "object.spec.nothing.at.all"}]
    assert not _is_asked(gate, matchConditions=conditions, failurePolicy="Ignore")


def test_webhooks_are_never_asked_about_webhook_configurations(gate: Gate) -> None:
    rule = {"operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"]}
    gate.ask(
        lambda review: allowed(review, allowed=False),
        rules=[{**rule, "scope": "Cluster"}],
        namespaceSelector={},
        objectSelector={"matchLabels": {"only": "here"}},
    )
    labels = {"metadata": {"labels": {"only": "here"}}}
    name = gate.registered[0]
    assert gate.place.api.patch(f"{PATH}/{name}", labels).code == 200
    assert gate.place.api.delete(f"{PATH}/{name}").code == 200


def test_a_selector_by_namespace_lets_all_cluster_scoped_objects_through(gate: Gate) -> None:
    rule = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"],
            "resources": ["nodes"]}  # fmt: skip
    gate.ask(
        lambda review: allowed(review, allowed=False),
        rules=[rule],
        objectSelector={"matchLabels": {"only": "here"}},
    )
    node = {"metadata": {"generateName": "node-", "labels": {"only": "here"}}}
    assert gate.place.api.create("/api/v1/nodes", node).code == 400


def test_a_namespace_is_selected_by_its_own_labels(gate: Gate) -> None:
    rule = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"],
            "resources": ["namespaces"]}  # fmt: skip
    selector = {"matchLabels": {"only": "here"}}
    gate.ask(
        lambda review: allowed(review, allowed=False), rules=[rule], namespaceSelector=selector
    )
    body = {"metadata": {"name": f"{gate.place.namespace}-x", "labels": {"only": "here"}}}
    assert gate.place.api.create("/api/v1/namespaces", body).code == 400


def _writing(letter: str) -> Answerer:
    """Appends a letter to the annotation `order`, so that it tells who came when."""

    def answerer(review: Document) -> Document:
        had = review["request"]["object"]["metadata"].get("annotations") or {}
        value = {"order": had.get("order", "") + letter}
        return patched(review, {"op": "add", "path": "/metadata/annotations", "value": value})

    return answerer


def test_webhooks_are_asked_by_the_names_of_their_configurations_then_in_order(gate: Gate) -> None:
    for letter in "abc":
        gate.webhook.on(f"/{letter}", _writing(letter))
    entries = {
        letter: gate.entry(f"{letter}.podgate.dev", gate.client(f"/{letter}")) for letter in "abc"
    }
    gate.register("two", entries["a"])
    gate.register("one", entries["c"], entries["b"])
    assert gate.make().body["metadata"]["annotations"]["order"] == "cba"


def _paths(gate: Gate) -> list[str]:
    return [path.partition("?")[0] for path in gate.webhook.paths]


def test_an_earlier_webhook_is_asked_again_where_it_wants_and_a_later_one_changed_something(
    gate: Gate,
) -> None:
    gate.webhook.on("/first", allowed)
    gate.webhook.on("/never", allowed)
    gate.webhook.on("/second", annotating("changed"))
    again = {"reinvocationPolicy": "IfNeeded"}
    gate.register(
        "one",
        gate.entry("first.podgate.dev", gate.client("/first"), **again),
        gate.entry("never.podgate.dev", gate.client("/never")),
        gate.entry("second.podgate.dev", gate.client("/second"), **again),
    )
    gate.make()
    assert _paths(gate) == ["/first", "/never", "/second", "/first"]
    seen = gate.webhook.asked[-1]["request"]["object"]["metadata"]["annotations"]
    assert seen == {"changed": "yes"}


def test_nobody_is_asked_again_for_a_patch_that_changes_nothing(gate: Gate) -> None:
    same = {"op": "replace", "path": "/metadata/name", "value": "web"}
    gate.webhook.on("/second", lambda review: patched(review, same))
    again = {"reinvocationPolicy": "IfNeeded"}
    gate.register(
        "one",
        gate.entry("first.podgate.dev", gate.client("/first"), **again),
        gate.entry("second.podgate.dev", gate.client("/second"), **again),
    )
    gate.make()
    assert _paths(gate) == ["/first", "/second"]


def test_the_same_events_are_found_under_their_other_group(gate: Gate) -> None:
    rule = {"operations": ["CREATE"], "apiGroups": ["events.k8s.io"], "apiVersions": ["v1"],
            "resources": ["events"]}  # fmt: skip
    gate.ask(annotating("seen"), rules=[rule])
    about = {"kind": "Pod", "name": "web", "namespace": gate.place.namespace}
    made = gate.place.made(
        "events", {"metadata": {"name": "e"}, "involvedObject": about, "reason": "Why"}
    )
    assert made["metadata"]["annotations"] == {"seen": "yes"}
    request = gate.webhook.asked[0]["request"]
    assert request["kind"]["group"] == "events.k8s.io"
    assert request["requestKind"]["group"] == ""
    assert request["object"]["regarding"]["name"] == "web"


def test_an_exact_match_does_not_look_at_other_groups(gate: Gate) -> None:
    rule = {"operations": ["CREATE"], "apiGroups": ["events.k8s.io"], "apiVersions": ["v1"],
            "resources": ["events"]}  # fmt: skip
    gate.ask(allowed, rules=[rule], matchPolicy="Exact")
    about = {"kind": "Pod", "name": "web", "namespace": gate.place.namespace}
    gate.place.made("events", {"metadata": {"name": "e"}, "involvedObject": about, "reason": "Why"})
    assert gate.webhook.asked == []


def test_what_a_webhook_changes_decides_who_is_asked_after_it(gate: Gate) -> None:
    operation = {"op": "replace", "path": "/metadata/labels/app", "value": "other"}
    gate.webhook.on("/first", lambda review: patched(review, operation))
    gate.webhook.on("/second", allowed)
    gate.register(
        "one",
        gate.entry("first.podgate.dev", gate.client("/first")),
        gate.entry(
            "second.podgate.dev",
            gate.client("/second"),
            objectSelector={"matchLabels": {"app": "web"}},
        ),
    )
    assert gate.place.make("pods", pod()).code == 201
    assert _paths(gate) == ["/first"]


def test_a_new_namespace_is_selected_by_the_name_label_it_is_about_to_get(gate: Gate) -> None:
    rule = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"],
            "resources": ["namespaces"]}  # fmt: skip
    name = f"{gate.place.namespace}-y"
    selector = {"matchLabels": {"kubernetes.io/metadata.name": name}}
    gate.ask(
        lambda review: allowed(review, allowed=False), rules=[rule], namespaceSelector=selector
    )
    assert gate.place.api.create("/api/v1/namespaces", {"metadata": {"name": name}}).code == 400
