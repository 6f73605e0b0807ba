from typing import Any

from sandbox.kubernetes.controllers.family import keys_of_controllers
from sandbox.kubernetes.kinds import KINDS
from sandbox.kubernetes.watch import Event

POD, REPLICASET = KINDS["Pod"], KINDS["ReplicaSet"]


def pod(*owners: str) -> dict[str, Any]:
    references = [{"kind": "ReplicaSet", "name": n, "uid": n, "controller": True} for n in owners]
    return {"metadata": {"namespace": "shop", "name": "a", "ownerReferences": references}}


def looked_at(new: dict[str, Any], old: dict[str, Any] | None) -> list[str]:
    event = Event("MODIFIED", POD, new, old=old)
    return [key.name for key in keys_of_controllers(event, REPLICASET)]


def test_a_controller_that_lost_a_pod_looks_too() -> None:
    assert looked_at(pod(), pod("web")) == ["web"]
    assert looked_at(pod("new"), pod("web")) == ["new", "web"]


def test_a_controller_that_keeps_its_pod_looks_once() -> None:
    assert looked_at(pod("web"), pod("web")) == ["web"]
    assert looked_at(pod("web"), None) == ["web"]
