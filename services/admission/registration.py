"""The MutatingWebhookConfiguration: put back as it must be, the real entry only once proven."""

from collections.abc import Sequence
from typing import Any

from console import doors, kube
from console.kube import Conflict, NotFound
from services.admission import configuration, damage, layers
from services.admission.configuration import Object
from services.admission.damage import Damage
from services.admission.look import Look

CONFIGURATION = "MutatingWebhookConfiguration"


def keep(look: Look) -> None:
    snapshot, cluster_id = look.snapshot, look.front.cluster_id
    where = kube.path(CONFIGURATION, name=configuration.name(cluster_id))
    observed = look.get(where)
    if snapshot.proven_client is None and look.front.proven == look.front.fingerprint:
        # Proven before our memory began.
        snapshot.proven_client, snapshot.proven = look.front.client, look.front.fingerprint
    entries = wanted(look)
    if observed and not damage.of_configuration(observed, entries):
        snapshot.written = entries
        return
    found = _damages(look, observed, entries)
    if look.must_wait(found):
        return
    try:
        with look.writing(found) as calls:
            _write(look, where, observed, entries)
    except (Conflict, NotFound):
        # Someone was faster: the event of that write wakes us.
        look.soon()
        return
    snapshot.written = entries
    stood = (observed or {}).get("webhooks") or []
    _tell(look, found, calls, stood, is_new=observed is None)


def wanted(look: Look) -> list[Object]:
    proven = look.snapshot.proven_client
    return configuration.entries(
        look.front.client,
        # The real entry only after the probe has proven that we are reached.
        look.namespaces if proven else (),
        policy=look.front.policy,
        label=look.label,
        proven=proven,
    )


def _damages(look: Look, observed: Object | None, entries: list[Object]) -> Sequence[Damage]:
    """Against what was last written; what we ourselves want otherwise by now is none."""
    if look.snapshot.written is not None:
        return damage.of_configuration(observed, look.snapshot.written)
    if observed or look.front.is_registered:
        return damage.of_configuration(observed, entries)
    return ()


def _write(look: Look, where: str, observed: Object | None, entries: list[Object]) -> None:
    body = configuration.manifest(look.front.cluster_id, entries, observed)
    if observed is None:
        look.door.create(kube.path(CONFIGURATION), body)
    else:
        look.door.replace(where, body)


def _tell(
    look: Look,
    found: Sequence[Damage],
    calls: list[doors.Call],
    stood: list[Object],
    *,
    is_new: bool,
) -> None:
    shown: dict[str, Any] = {
        "before": configuration.shown(stood),
        "after": configuration.shown(look.snapshot.written),
    }
    if found:
        look.repairs.note(found, look.now, calls, **shown)
        return
    verb = "create" if is_new else "update"
    cluster_id = look.front.cluster_id
    look.books.add(layers.wrote, cluster_id, verb, CONFIGURATION, calls=calls, **shown)
