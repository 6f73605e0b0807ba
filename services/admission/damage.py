"""What is wrong with what stands in the cluster, by name, and who wrote it; pure."""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from services.admission import certificates
from services.admission.certificates import Pair
from services.limits.sentence import Sentence

type Object = dict[str, Any]

OURS = "podgate"
IMMEDIATE = 5
MINUTE = timedelta(seconds=60)
FIGHT = 3


class What(StrEnum):
    CONFIGURATION_DELETED = "ConfigurationDeleted"
    ENTRY_REMOVED = "EntryRemoved"
    ENTRY_ADDED = "EntryAdded"
    CA_BUNDLE_EMPTIED = "CaBundleEmptied"
    CA_BUNDLE_REPLACED = "CaBundleReplaced"
    ADDRESS_CHANGED = "AddressChanged"
    FIELD_CHANGED = "FieldChanged"
    SECRET_DELETED = "SecretDeleted"
    SECRET_DIFFERS = "SecretDiffers"
    NOT_A_PAIR = "NotAPair"
    MALFORMED = "Malformed"
    EXPIRED = "Expired"
    NOT_YET_VALID = "NotYetValid"
    WRONG_NAME = "WrongName"
    FOREIGN = "Foreign"
    NEARLY_EXPIRED = "NearlyExpired"
    CA_LOST = "CaLost"
    NAMESPACE_DELETED = "NamespaceDeleted"


# For the Access layer page and the audit trail.
WORDS: Mapping[What, Sentence] = {
    What.CONFIGURATION_DELETED: Sentence("The webhook configuration was deleted"),
    What.ENTRY_REMOVED: Sentence("An entry of the webhook was removed"),
    What.ENTRY_ADDED: Sentence("An entry was added to the webhook"),
    What.CA_BUNDLE_EMPTIED: Sentence("caBundle of the webhook was emptied"),
    What.CA_BUNDLE_REPLACED: Sentence("caBundle of the webhook was replaced"),
    What.ADDRESS_CHANGED: Sentence("The address of the webhook was changed"),
    What.FIELD_CHANGED: Sentence("A field of the webhook was changed"),
    What.SECRET_DELETED: Sentence("Secret podgate-webhook-tls was deleted"),
    What.SECRET_DIFFERS: Sentence("Secret podgate-webhook-tls held another pair"),
    What.NOT_A_PAIR: Sentence("Certificate and key were not a pair"),
    What.MALFORMED: Sentence("Certificate or key could not be read"),
    What.EXPIRED: Sentence("The serving certificate had expired"),
    What.NOT_YET_VALID: Sentence("The serving certificate was not valid yet"),
    What.WRONG_NAME: Sentence("The serving certificate was for another name"),
    What.FOREIGN: Sentence("The serving certificate was signed by another CA"),
    What.NEARLY_EXPIRED: Sentence("The serving certificate had a third of its life left"),
    What.CA_LOST: Sentence("The CA's key was lost"),
    What.NAMESPACE_DELETED: Sentence("The namespace was deleted"),
}


@dataclass(frozen=True)
class Damage:
    """`field` is where: an entry's field, an object's name."""

    what: What
    field: str = ""
    manager: str = ""


def of_configuration(observed: Object | None, written: Sequence[Object]) -> tuple[Damage, ...]:
    """Against the entries that were last written; nothing when they stand as they were."""
    if observed is None:
        return (Damage(What.CONFIGURATION_DELETED),)
    found = {entry.get("name", ""): entry for entry in observed.get("webhooks") or []}
    damages = list(_differing(found, written))
    ours = {entry["name"] for entry in written}
    damages += [Damage(What.ENTRY_ADDED, name) for name in found if name not in ours]
    order = [name for name in found if name in ours]
    if not damages and order != [entry["name"] for entry in written]:
        damages.append(Damage(What.FIELD_CHANGED, "webhooks"))
    return tuple(Damage(one.what, one.field, manager_of(observed, one.field)) for one in damages)


def _differing(found: dict[str, Object], written: Sequence[Object]) -> Iterator[Damage]:
    for entry in written:
        name = entry["name"]
        if name not in found:
            yield Damage(What.ENTRY_REMOVED, name)
            continue
        # Fields a newer API server adds are not ours to judge, but conditions narrow the scope.
        for field in (*entry, "matchConditions"):
            has, wanted = found[name].get(field), entry.get(field)
            if field == "clientConfig":
                yield from _client(f"{name}.clientConfig", has or {}, wanted or {})
            elif (has or None) != (wanted or None):
                yield Damage(What.FIELD_CHANGED, f"{name}.{field}")


def _client(where: str, has: Object, wanted: Object) -> Iterator[Damage]:
    bundle = has.get("caBundle") or ""
    if bundle != wanted["caBundle"]:
        what = What.CA_BUNDLE_REPLACED if bundle else What.CA_BUNDLE_EMPTIED
        yield Damage(what, f"{where}.caBundle")
    if any(has.get(key) != wanted.get(key) for key in ("url", "service")):
        yield Damage(What.ADDRESS_CHANGED, f"{where}.{'url' if 'url' in wanted else 'service'}")


FLAWS = {
    certificates.Flaw.MALFORMED: What.MALFORMED,
    certificates.Flaw.NOT_A_PAIR: What.NOT_A_PAIR,
    certificates.Flaw.EXPIRED: What.EXPIRED,
    certificates.Flaw.NOT_YET_VALID: What.NOT_YET_VALID,
    certificates.Flaw.WRONG_NAME: What.WRONG_NAME,
    certificates.Flaw.FOREIGN: What.FOREIGN,
    certificates.Flaw.NEARLY_EXPIRED: What.NEARLY_EXPIRED,
}


def of_secret(
    observed: Object | None, served: Pair, *, bundle: str, host: str, now: datetime
) -> tuple[Damage, ...]:
    """Against the pair that is served."""
    if observed is None:
        return (Damage(What.SECRET_DELETED),)
    stored = pair_of(observed)
    if stored == served:
        return ()
    manager = manager_of(observed, "data")
    if stored is None:
        return (Damage(What.MALFORMED, manager=manager),)
    flaw = certificates.flaw(stored, bundle=bundle, host=host, now=now)
    return (Damage(FLAWS[flaw] if flaw else What.SECRET_DIFFERS, manager=manager),)


def pair_of(secret: Object) -> Pair | None:
    """The serving pair a Secret holds, unjudged."""
    stored = secret.get("data") or {}
    try:
        return Pair(*(base64.b64decode(stored[key]).decode() for key in ("tls.crt", "tls.key")))
    except (KeyError, TypeError, binascii.Error, UnicodeDecodeError):
        return None


def manager_of(observed: Object, field: str) -> str:
    """Who else wrote this field last, by managedFields; else whoever else wrote at all."""
    others = [
        entry
        for entry in observed.get("metadata", {}).get("managedFields") or []
        if entry.get("manager") != OURS
    ]
    others.sort(key=lambda entry: str(entry.get("time", "")))
    last = field.rsplit(".", 1)[-1]
    holders = [entry for entry in others if f'"f:{last}"' in json.dumps(entry.get("fieldsV1"))]
    found = holders or others
    return str(found[-1].get("manager", "")) if found else ""


@dataclass(frozen=True)
class Mark:
    """One repair that was made."""

    at: datetime
    damage: Damage


def repair_at(marks: Iterable[Mark], damage: Damage, now: datetime) -> datetime:
    """When this damage may be repaired: now, or a minute after the last time.

    Five repairs are immediate; then it is a fight with another writer, if three fell in a minute.
    """
    same = [mark.at for mark in marks if mark.damage == damage and now - mark.at < 10 * MINUTE]
    if len(same) < IMMEDIATE or not is_fight(same):
        return now
    return max(now, max(same) + MINUTE)


def is_fight(times: Sequence[datetime]) -> bool:
    """Whether the last three came within a minute."""
    last = sorted(times)[-FIGHT:]
    return len(last) == FIGHT and last[-1] - last[0] <= MINUTE
