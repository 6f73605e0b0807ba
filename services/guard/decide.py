"""Whether the floor was crossed, and by which rollout; pure.

Crossed means fallen below: a Service that never had as many healthy targets as its floor is
starting, and one that was scaled up has only begun to fill. Neither is a rollout gone wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workloads.actions.front import floor_in_targets


class Verdict(StrEnum):
    NO_FLOOR = "no-floor"
    MET = "met"
    CROSSED = "crossed"
    # Below, but it has been below all the time, or what could be done about it is done.
    BELOW = "below"


@dataclass(frozen=True)
class Sight:
    """`healthy`: targets with weight that the CLB calls healthy, on the listener with fewest."""

    floor: str
    healthy: int
    wanted: int
    listener: str = ""

    @property
    def least(self) -> int | None:
        return floor_in_targets(self.floor, self.wanted)


def verdict(sight: Sight, *, met_with: int | None) -> Verdict:
    """`met_with`: how many Pods were wanted when the floor was last met; None: never yet."""
    least = sight.least
    if least is None:
        return Verdict.NO_FLOOR
    if sight.healthy >= least:
        return Verdict.MET
    if met_with is None:
        return Verdict.BELOW
    # A share of Pods that were only just asked for is no promise yet.
    before = floor_in_targets(sight.floor, min(met_with, sight.wanted))
    assert before is not None
    return Verdict.CROSSED if sight.healthy < before else Verdict.BELOW


def is_rolling(kind: str, live: Mapping[str, Any]) -> bool:
    """Whether Pods of an older revision are being replaced right now: scaling is no rollout."""
    spec, status = live["spec"], live.get("status") or {}
    if kind == "Deployment":
        replicas, updated = status.get("replicas", 0), status.get("updatedReplicas", 0)
        return not spec.get("paused") and bool(replicas > updated)
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return False
    if kind == "DaemonSet":
        wanted = status.get("desiredNumberScheduled", 0)
        return bool(status.get("updatedNumberScheduled", 0) < wanted)
    wanted, partition = spec.get("replicas", 1), _partition(strategy)
    if status.get("updateRevision") == status.get("currentRevision"):
        return False
    return bool(status.get("updatedReplicas", 0) < wanted - partition)


def revision_of(kind: str, live: Mapping[str, Any]) -> str:
    """What tells one rollout from the next: the guard acts once for each."""
    metadata, status = live["metadata"], live.get("status") or {}
    annotations = metadata.get("annotations") or {}
    if kind == "Deployment":
        return str(annotations.get("deployment.kubernetes.io/revision", ""))
    if kind == "StatefulSet":
        return str(status.get("updateRevision", ""))
    generation = annotations.get("deprecated.daemonset.template.generation")
    return str(generation or metadata.get("generation", ""))


def _partition(strategy: Mapping[str, Any]) -> int:
    return int((strategy.get("rollingUpdate") or {}).get("partition") or 0)
