"""Every damage has a name and, where the API server tells, a writer."""

import base64
import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.admission import certificates, configuration, damage
from services.admission.certificates import Pair
from services.admission.damage import Damage, Mark, What, of_configuration, of_secret, repair_at

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CLIENT = configuration.client_config(
    "https://10.20.0.30:9443", "", port=9443, path="/cls-1/s3cret", bundle="PEM\n"
)
ENTRIES = configuration.entries(CLIENT, ["shop", "kube-system"], policy="Ignore")


def stands() -> dict[str, Any]:
    return configuration.manifest("cls-1", copy.deepcopy(ENTRIES), None)


def test_the_real_entry_comes_first_and_reaches_only_namespaces_with_claimed_services() -> None:
    real, probe = ENTRIES
    assert (real["name"], probe["name"]) == ("pods.podgate.dev", "probe.podgate.dev")
    assert real["namespaceSelector"]["matchExpressions"] == [
        {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["shop"]}
    ]
    assert (real["failurePolicy"], probe["failurePolicy"]) == ("Ignore", "Fail")
    assert (real["timeoutSeconds"], real["sideEffects"], real["reinvocationPolicy"]) == (
        2,
        "None",
        "Never",
    )


def test_without_claimed_services_only_the_probe_is_registered() -> None:
    names = [entry["name"] for entry in configuration.entries(CLIENT, [], policy="Ignore")]
    assert names == ["probe.podgate.dev"]


def test_what_stands_as_written_is_no_damage() -> None:
    assert of_configuration(stands(), ENTRIES) == ()


def first(change: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    return lambda found: change(found["webhooks"][0])


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], None], What]] = {
    "bundle replaced": (
        first(lambda e: e["clientConfig"].update(caBundle="Ym9ndXM=")),
        What.CA_BUNDLE_REPLACED,
    ),
    "bundle emptied": (first(lambda e: e["clientConfig"].pop("caBundle")), What.CA_BUNDLE_EMPTIED),
    "address": (
        first(lambda e: e["clientConfig"].update(url="https://else")),
        What.ADDRESS_CHANGED,
    ),
    "policy": (first(lambda e: e.update(failurePolicy="Fail")), What.FIELD_CHANGED),
    "time-out": (first(lambda e: e.update(timeoutSeconds=30)), What.FIELD_CHANGED),
    "rules": (first(lambda e: e.update(rules=[])), What.FIELD_CHANGED),
    "namespaces": (first(lambda e: e.update(namespaceSelector={})), What.FIELD_CHANGED),
    "objects": (
        first(lambda e: e.update(objectSelector={"matchLabels": {"a": "b"}})),
        What.FIELD_CHANGED,
    ),
    "conditions": (first(lambda e: e.update(matchConditions=[{"name": "x"}])), What.FIELD_CHANGED),
    "entry removed": (lambda found: found["webhooks"].pop(0), What.ENTRY_REMOVED),
    "entry added": (
        lambda found: found["webhooks"].append({"name": "x.example.com"}),
        What.ENTRY_ADDED,
    ),
    "order": (lambda found: found["webhooks"].reverse(), What.FIELD_CHANGED),
    "all removed": (lambda found: found.pop("webhooks"), What.ENTRY_REMOVED),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_is_named(name: str) -> None:
    change, what = CHANGES[name]
    found = stands()
    change(found)
    assert what in [one.what for one in of_configuration(found, ENTRIES)]


def test_a_deleted_configuration_is_named() -> None:
    assert of_configuration(None, ENTRIES) == (Damage(What.CONFIGURATION_DELETED),)


def test_the_other_writer_is_named_from_managed_fields() -> None:
    found = stands()
    found["webhooks"][0]["clientConfig"]["caBundle"] = ""
    fields: dict[str, Any] = {"f:webhooks": {"k:{}": {"f:clientConfig": {"f:caBundle": {}}}}}
    found["metadata"]["managedFields"] = [
        {"manager": "podgate", "time": "2026-11-22T12:00:02Z", "fieldsV1": fields},
        {"manager": "kubectl-edit", "time": "2026-11-22T12:00:01Z", "fieldsV1": fields},
        {"manager": "labeller", "time": "2026-11-22T12:00:03Z", "fieldsV1": {"f:metadata": {}}},
    ]
    [one] = of_configuration(found, ENTRIES)
    assert one.manager == "kubectl-edit"


CA = certificates.authority("cls-1", now=NOW)
SERVED = certificates.serving(CA, "10.20.0.30", now=NOW)


def secret(pair: Pair) -> dict[str, Any]:
    return {
        "metadata": {},
        "data": {
            "tls.crt": base64.b64encode(pair.certificate.encode()).decode(),
            "tls.key": base64.b64encode(pair.key.encode()).decode(),
        },
    }


def judged(found: dict[str, Any] | None) -> list[What]:
    damages = of_secret(found, SERVED, bundle=CA.certificate, host="10.20.0.30", now=NOW)
    return [one.what for one in damages]


def test_each_damage_of_the_secret_is_named() -> None:
    old = certificates.serving(CA, "10.20.0.30", now=NOW - timedelta(days=200))
    early = certificates.serving(CA, "10.20.0.30", now=NOW + timedelta(days=2))
    ageing = certificates.serving(CA, "10.20.0.30", now=NOW - timedelta(days=70))
    elsewhere = certificates.serving(CA, "10.9.9.9", now=NOW)
    another = certificates.serving(CA, "10.20.0.30", now=NOW)
    assert judged(secret(SERVED)) == []
    assert judged(None) == [What.SECRET_DELETED]
    assert judged({"metadata": {}, "data": {"tls.crt": "%%%"}}) == [What.MALFORMED]
    assert judged(secret(Pair(SERVED.certificate, another.key))) == [What.NOT_A_PAIR]
    assert judged(secret(old)) == [What.EXPIRED]
    assert judged(secret(early)) == [What.NOT_YET_VALID]
    assert judged(secret(ageing)) == [What.NEARLY_EXPIRED]
    assert judged(secret(elsewhere)) == [What.WRONG_NAME]
    assert judged(secret(another)) == [What.SECRET_DIFFERS]


EDIT = Damage(What.CA_BUNDLE_REPLACED, "pods.podgate.dev.clientConfig.caBundle", "other")


def marks(*seconds: float) -> list[Mark]:
    return [Mark(NOW + timedelta(seconds=one), EDIT) for one in seconds]


def test_five_repairs_are_immediate_and_a_fight_then_waits_a_minute() -> None:
    now = NOW + timedelta(seconds=10)
    assert repair_at(marks(0, 2, 4, 6), EDIT, now) == now
    assert repair_at(marks(0, 2, 4, 6, 8), EDIT, now) == NOW + timedelta(seconds=68)


def test_another_writer_or_field_is_no_fight() -> None:
    now = NOW + timedelta(seconds=10)
    other = Damage(EDIT.what, EDIT.field, "someone else")
    assert repair_at(marks(0, 2, 4, 6, 8), other, now) == now


def test_rare_damage_is_always_repaired_at_once() -> None:
    now = NOW + timedelta(seconds=500)
    assert repair_at(marks(0, 100, 200, 300, 400), EDIT, now) == now


def test_after_a_minute_a_fight_is_answered_again() -> None:
    now = NOW + timedelta(seconds=70)
    assert repair_at(marks(0, 2, 4, 6, 8), EDIT, now) == now
    assert damage.is_fight([mark.at for mark in marks(0, 2, 4)])
