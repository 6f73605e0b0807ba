"""The one custom resource these servers serve, TKE's TkeServiceConfig, and its definition."""

from sandbox.kubernetes import objects
from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.store import Store

_KIND = KINDS["TkeServiceConfig"]
NAME = _KIND.resource


def define(store: Store, minor: int) -> None:
    """Make the CustomResourceDefinition be there, established."""
    definition = KINDS["CustomResourceDefinition"]
    if minor < definition.since_minor or store.find(definition, None, NAME):
        return
    store.create(definition, _definition())

    def establish(obj: Object) -> None:
        obj["status"] = {
            "acceptedNames": obj["spec"]["names"],
            "storedVersions": [_KIND.version],
            "conditions": [
                _condition("NamesAccepted", "NoConflicts", "no conflicts found"),
                _condition("Established", "InitialNamesAccepted", "the names have been accepted"),
            ],
        }

    store.change(definition, None, NAME, establish, subresource="status")


def _condition(kind: str, reason: str, message: str) -> Object:
    return {
        "type": kind,
        "status": "True",
        "reason": reason,
        "message": message,
        "lastTransitionTime": objects.now(),
    }


def _definition() -> Object:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": _KIND.version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
    }
    return {
        "metadata": {"name": NAME},
        "spec": {
            "group": _KIND.group,
            "scope": "Namespaced",
            "names": {"plural": _KIND.plural, "kind": _KIND.kind},
            "versions": [version],
        },
    }
