"""metadata: names, labels, annotations, finalizers, owners."""

from sandbox.kubernetes import objects
from sandbox.kubernetes.errors import Cause
from sandbox.kubernetes.kinds import Kind, Object
from sandbox.kubernetes.rules.checks import words

_ANNOTATIONS_SIZE = 256 * 1024
_NAMES = {"Service": words.service_name, "Namespace": words.dns_label}


def problems(kind: Kind, obj: Object, old: Object | None) -> list[Cause]:
    metadata = obj["metadata"]
    found: list[Cause] = []
    if old is None:
        check = _NAMES.get(kind.kind, words.dns_subdomain)
        found += check("metadata.name", metadata.get("name", ""))
    found += words.labels("metadata.labels", metadata.get("labels") or {})
    found += _annotations(metadata.get("annotations") or {})
    for finalizer in metadata.get("finalizers") or ():
        found += _finalizer(finalizer)
    for owner in metadata.get("ownerReferences") or ():
        for name in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(name):
                found.append(
                    words.invalid(f"metadata.ownerReferences.{name}", "", "must not be empty")
                )
    if old is not None and objects.is_deleting(old):
        found += _new_finalizers(metadata, old["metadata"])
    return found


def _annotations(given: dict[str, str]) -> list[Cause]:
    found = [
        cause
        for key in given
        for cause in words.qualified_name("metadata.annotations", key.lower())
    ]
    if sum(len(key) + len(value) for key, value in given.items()) > _ANNOTATIONS_SIZE:
        message = f"Too long: must have at most {_ANNOTATIONS_SIZE} bytes"
        found.append(Cause("FieldValueTooLong", "metadata.annotations", message))
    return found


def _finalizer(name: str) -> list[Cause]:
    field = "metadata.finalizers"
    if found := words.qualified_name(field, name):
        return found
    if "/" not in name and name not in ("foregroundDeletion", "orphan", "kubernetes"):
        why = "name is neither a standard finalizer name nor is it fully qualified"
        return [words.invalid(field, name, why)]
    return []


def _new_finalizers(metadata: Object, before: Object) -> list[Cause]:
    added = [
        each
        for each in metadata.get("finalizers") or ()
        if each not in (before.get("finalizers") or ())
    ]
    if not added:
        return []
    why = "no new finalizers can be added if the object is being deleted, found new finalizers "
    listed = "[]string{" + ", ".join(words.shown(each) for each in added) + "}"
    return [words.forbidden("metadata.finalizers", why + listed)]
