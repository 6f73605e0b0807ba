"""The namespaces the access layer needs, and the label older clusters are selected by."""

from console import kube
from console.kube import Conflict, NotFound
from services.admission import configuration
from services.admission.configuration import OWN_LABEL, PROBE_NAMESPACE, SYSTEM_NAMESPACE
from services.admission.damage import Damage, What
from services.admission.look import Look

LABEL_SECONDS = 3.0


def keep(look: Look) -> None:
    for name in (SYSTEM_NAMESPACE, PROBE_NAMESPACE):
        found = look.get(kube.path("Namespace", name=name))
        if found is None:
            _make(look, name)
        elif found["metadata"].get("deletionTimestamp"):
            # It can be made again once it is gone.
            look.soon()
    if look.label == configuration.OWN_LABEL:
        # Nobody tells us when somebody takes it away.
        look.soon(LABEL_SECONDS)
        for name in sorted({*look.namespaces, PROBE_NAMESPACE}):
            _label(look, name)


def _make(look: Look, name: str) -> None:
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    found = [Damage(What.NAMESPACE_DELETED, name)] if look.snapshot.written is not None else []
    try:
        with look.writing(found) as calls:
            look.door.create(kube.path("Namespace"), body)
    except Conflict:
        return
    look.repairs.note(found, look.now, calls)


def _label(look: Look, name: str) -> None:
    """Before 1.21 namespaces do not carry their names as a label: we write our own, once."""
    where = kube.path("Namespace", name=name)
    found = look.get(where)
    if found is None or (found["metadata"].get("labels") or {}).get(OWN_LABEL) == name:
        return
    body = {"metadata": {"labels": {OWN_LABEL: name}}}
    try:
        look.door.patch(where, body, kind="merge")
    except NotFound:
        look.soon()
