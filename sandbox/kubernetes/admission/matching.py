"""Which registered webhooks a write concerns: rules, selectors, match conditions.

Configurations in the order of their names, webhooks in the order of their list.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.kubernetes import cel
from sandbox.kubernetes.admission import review
from sandbox.kubernetes.admission.attributes import Attributes
from sandbox.kubernetes.errors import Forbidden, NotFound
from sandbox.kubernetes.kinds import EVENTS_V1, KINDS, Kind, Object
from sandbox.kubernetes.rules.checks.workloads import matches as selects
from sandbox.kubernetes.store import Store

CONFIGURATION = KINDS["MutatingWebhookConfiguration"]
# Webhooks are never asked about what decides which webhooks are asked.
EXEMPT_GROUP = "admissionregistration.k8s.io"


@dataclass(frozen=True)
class Hook:
    """One webhook of one configuration."""

    configuration: str
    index: int
    webhook: Object

    @property
    def name(self) -> str:
        return str(self.webhook["name"])

    @property
    def uid(self) -> str:
        return f"{self.configuration}/{self.name}/{self.index}"

    @property
    def fails_open(self) -> bool:
        return bool(self.webhook["failurePolicy"] == "Ignore")


def registered(store: Store) -> list[Hook]:
    return [
        Hook(configuration["metadata"]["name"], index, webhook)
        for configuration in store.list(CONFIGURATION)
        for index, webhook in enumerate(configuration.get("webhooks") or ())
    ]


def concerns(store: Store, hook: Hook, asked: Attributes) -> Kind | None:
    """The kind the webhook is to be asked in, or None when it is not to be asked.

    A namespaceSelector says nothing of what is outside any namespace: that always passes it.

    NotFound when its selector needs a namespace that is not there; Forbidden when its match
    conditions cannot be evaluated and it fails closed.
    """
    if asked.kind.group == EXEMPT_GROUP:
        return None
    looks = bool(hook.webhook.get("namespaceSelector")) and (
        bool(asked.place) or asked.is_namespace
    )
    namespace = _namespace_of(store, asked) if looks else None
    if namespace is not None and not _selects(hook.webhook["namespaceSelector"], namespace):
        return None
    if not _object_selected(hook.webhook.get("objectSelector") or {}, asked):
        return None
    kind = _matched_kind(hook.webhook, asked)
    if kind is None:
        return None
    if looks and namespace is None:
        raise NotFound.of(KINDS["Namespace"], asked.place)
    return kind if _conditions_hold(hook, asked, kind) else None


def _matched_kind(webhook: Object, asked: Attributes) -> Kind | None:
    kinds = [asked.kind]
    if webhook["matchPolicy"] == "Equivalent":
        kinds += _equivalents(asked.kind)
    for kind in kinds:
        if any(_rule_matches(rule, kind, asked) for rule in webhook.get("rules") or ()):
            return kind
    return None


def _equivalents(kind: Kind) -> Iterator[Kind]:
    """The other group a resource is served under; here only Events have one."""
    if kind.kind == "Event":
        yield KINDS["Event"] if kind is EVENTS_V1 else EVENTS_V1


def _rule_matches(rule: Object, kind: Kind, asked: Attributes) -> bool:
    return (
        _scope_matches(rule.get("scope") or "*", asked)
        and _has(rule["operations"], asked.operation)
        and _has(rule["apiGroups"], kind.group)
        and _has(rule["apiVersions"], kind.version)
        and any(_resource_matches(each, kind, asked.subresource) for each in rule["resources"])
    )


def _has(listed: list[str], wanted: str) -> bool:
    return "*" in listed or wanted in listed


def _scope_matches(scope: str, asked: Attributes) -> bool:
    is_inside = bool(asked.namespace) and not asked.is_namespace
    return scope == "*" or (scope == "Namespaced") == is_inside


def _resource_matches(listed: str, kind: Kind, subresource: str) -> bool:
    """`pods` is not `pods/status`; `*` is every resource but no subresource, `*/*` all of both."""
    resource, _, sub = listed.partition("/")
    return resource in ("*", kind.plural) and sub in ("*", subresource)


def _namespace_of(store: Store, asked: Attributes) -> Object | None:
    """A Namespace being written is looked at as it is to be."""
    if asked.is_namespace and not asked.subresource and asked.operation in ("CREATE", "UPDATE"):
        return asked.obj
    return store.find(KINDS["Namespace"], None, asked.place)


def _object_selected(selector: Object, asked: Attributes) -> bool:
    """It is enough that the old or the new object is selected."""
    if not selector:
        return True
    return any(_selects(selector, obj) for obj in (asked.obj, asked.old) if obj is not None)


def _selects(selector: Object, obj: Object) -> bool:
    return selects(selector, obj["metadata"].get("labels") or {})


def _conditions_hold(hook: Hook, asked: Attributes, kind: Kind) -> bool:
    """One that is false skips the webhook; one that fails does so only where it fails open."""
    conditions = hook.webhook.get("matchConditions") or ()
    if not conditions:
        return True
    request = review.request_of(asked, kind, "")
    variables = {"request": request, "object": asked.obj, "oldObject": asked.old}
    failures = []
    for condition in conditions:
        try:
            if not cel.holds(condition["expression"], variables):
                return False
        except cel.Failed as error:
            failures.append(f"expression '{condition['expression']}' resulted in error: {error}")
    if failures and not hook.fails_open:
        raise Forbidden.of(asked.kind, asked.name, ", ".join(failures))
    return not failures
