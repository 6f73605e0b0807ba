"""From what an operator wants to the patch that asks for it; pure.

A StatefulSet cannot be paused, but a partition holds its rollout just as well. What the partition
was before is kept on the object, so that whoever resumes gives it back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

type Manifest = Mapping[str, Any]
type Patch = dict[str, Any]

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
PARTITION_BEFORE = "podgate.dev/partition-before"
KUBECTL_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Why(StrEnum):
    """Why an action cannot be done to this object."""

    CANNOT_PAUSE = "cannot-pause"
    ON_DELETE = "on-delete"
    ALREADY_PAUSED = "already-paused"
    NOT_PAUSED = "not-paused"
    PAUSED = "paused"
    CANNOT_SCALE = "cannot-scale"
    NOTHING_CHANGES = "nothing-changes"
    NO_CONTAINER = "no-container"
    NO_REVISION = "no-revision"
    SAME_REVISION = "same-revision"
    NO_ROOM = "no-room"


class Impossible(Exception):
    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Images:
    """Container name -> image; names that a workload lacks do not concern it."""

    images: Mapping[str, str]


@dataclass(frozen=True)
class Restart:
    at: datetime


@dataclass(frozen=True)
class Scale:
    replicas: int


@dataclass(frozen=True)
class Pause:
    pass


@dataclass(frozen=True)
class Resume:
    pass


@dataclass(frozen=True)
class RollBack:
    """To this Pod template, the one of revision `number`."""

    number: int
    template: Manifest


@dataclass(frozen=True)
class Strategy:
    """Whatever is None stays as it is; `type` is a word of the kind's own strategy."""

    type: str | None = None
    rolling: Mapping[str, int | str] = field(default_factory=dict)
    min_ready_seconds: int | None = None


type Action = Images | Restart | Scale | Pause | Resume | RollBack | Strategy


def patch(kind: str, live: Manifest, action: Action) -> Patch:
    """The strategic merge patch; Impossible says why there is none."""
    match action:
        case Images(images):
            return _images(live, images)
        case Restart(at):
            return _restart(kind, live, at)
        case Scale(replicas):
            return _scale(kind, live, replicas)
        case Pause():
            return _pause(kind, live)
        case Resume():
            return _resume(kind, live)
        case RollBack(_, template):
            return _roll_back(kind, live, template)
        case Strategy():
            return _strategy(kind, live, action)


def _images(live: Manifest, images: Mapping[str, str]) -> Patch:
    has = {one["name"]: one.get("image", "") for one in containers(live)}
    wanted = {name: image for name, image in images.items() if name in has and image}
    if not wanted:
        raise Impossible(Why.NO_CONTAINER)
    changed = [
        {"name": name, "image": image} for name, image in wanted.items() if has[name] != image
    ]
    if not changed:
        raise Impossible(Why.NOTHING_CHANGES)
    return {"spec": {"template": {"spec": {"containers": changed}}}}


def _restart(kind: str, live: Manifest, at: datetime) -> Patch:
    if kind == "Deployment" and live["spec"].get("paused"):
        # As kubectl rollout restart: the new template would lie there until somebody resumes.
        raise Impossible(Why.PAUSED)
    stamp = at.replace(microsecond=0).isoformat().replace("+00:00", "Z")
    return {"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: stamp}}}}}


def _scale(kind: str, live: Manifest, replicas: int) -> Patch:
    if kind == "DaemonSet":
        raise Impossible(Why.CANNOT_SCALE)
    if live["spec"].get("replicas", 1) == replicas:
        raise Impossible(Why.NOTHING_CHANGES)
    return {"spec": {"replicas": replicas}}


def _pause(kind: str, live: Manifest) -> Patch:
    if kind == "DaemonSet":
        raise Impossible(Why.CANNOT_PAUSE)
    if is_paused(kind, live):
        raise Impossible(Why.ALREADY_PAUSED)
    if kind == "Deployment":
        return {"spec": {"paused": True}}
    if strategy_of(live).get("type") == "OnDelete":
        raise Impossible(Why.ON_DELETE)
    first = (live["spec"].get("ordinals") or {}).get("start", 0)
    held = first + live["spec"].get("replicas", 1)
    return {
        "metadata": {"annotations": {PARTITION_BEFORE: str(partition(live))}},
        "spec": {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": held}}},
    }


def _resume(kind: str, live: Manifest) -> Patch:
    if kind == "DaemonSet":
        raise Impossible(Why.CANNOT_PAUSE)
    if not is_paused(kind, live):
        raise Impossible(Why.NOT_PAUSED)
    if kind == "Deployment":
        return {"spec": {"paused": False}}
    before = _annotations(live).get(PARTITION_BEFORE, "0")
    number = int(before) if before.isdecimal() else 0
    return {
        "metadata": {"annotations": {PARTITION_BEFORE: None}},
        "spec": {"updateStrategy": {"rollingUpdate": {"partition": number}}},
    }


def _roll_back(kind: str, live: Manifest, template: Manifest) -> Patch:
    if same_template(template, live["spec"]["template"]):
        raise Impossible(Why.SAME_REVISION)
    body: Patch = {"spec": {"template": {**bare(template), "$patch": "replace"}}}
    # A pause would keep the old template where it is: going back must not wait for anybody.
    if is_paused(kind, live):
        held = _resume(kind, live)
        body = held | {"spec": held["spec"] | body["spec"]}
    return body


def _strategy(kind: str, live: Manifest, wanted: Strategy) -> Patch:
    name = "strategy" if kind == "Deployment" else "updateStrategy"
    now = strategy_of(live)
    word = wanted.type or now.get("type", "RollingUpdate")
    spec: Patch = {}
    if word == "RollingUpdate":
        rolling = dict(now.get("rollingUpdate") or {}) | dict(wanted.rolling)
        _check_room(kind, rolling)
        if now.get("type", "RollingUpdate") != word or rolling != (now.get("rollingUpdate") or {}):
            spec[name] = {"type": word, "rollingUpdate": rolling}
    elif now.get("type") != word:
        spec[name] = {"type": word, "rollingUpdate": None}
    if wanted.min_ready_seconds not in (None, live["spec"].get("minReadySeconds", 0)):
        spec["minReadySeconds"] = wanted.min_ready_seconds
    if not spec:
        raise Impossible(Why.NOTHING_CHANGES)
    return {"spec": spec}


def _check_room(kind: str, rolling: Mapping[str, Any]) -> None:
    """maxSurge and maxUnavailable of zero together would stand still: the API server refuses."""
    if kind == "StatefulSet":
        return
    both = [rolling.get(name) for name in ("maxSurge", "maxUnavailable")]
    if all(value in (0, "0", "0%") for value in both):
        raise Impossible(Why.NO_ROOM)


# What the object says.


def containers(live: Manifest) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = live["spec"]["template"]["spec"]["containers"]
    return found


def strategy_of(live: Manifest) -> dict[str, Any]:
    spec = live["spec"]
    found: dict[str, Any] = spec.get("strategy") or spec.get("updateStrategy") or {}
    return found


def partition(live: Manifest) -> int:
    return int((strategy_of(live).get("rollingUpdate") or {}).get("partition") or 0)


def is_paused(kind: str, live: Manifest) -> bool:
    """A Deployment by its field; a StatefulSet by the mark that podgate left when it held it."""
    if kind == "Deployment":
        return bool(live["spec"].get("paused"))
    return kind == "StatefulSet" and PARTITION_BEFORE in _annotations(live)


def bare(template: Manifest) -> dict[str, Any]:
    """A Pod template without what controllers add to it."""
    metadata = dict(template.get("metadata") or {})
    labels = metadata.get("labels") or {}
    metadata.pop("creationTimestamp", None)
    metadata["labels"] = {k: v for k, v in labels.items() if k != "pod-template-hash"}
    kept = {name: value for name, value in template.items() if name != "$patch"}
    return kept | {"metadata": metadata}


def same_template(one: Manifest, other: Manifest) -> bool:
    return bare(one) == bare(other)


def shown(live: Manifest) -> dict[str, Any]:
    """The object as differences show it: what people write, without what the server keeps."""
    metadata = {
        name: value
        for name, value in live["metadata"].items()
        if name in {"name", "namespace", "labels", "annotations"}
    }
    if annotations := metadata.get("annotations"):
        kept = {k: v for k, v in annotations.items() if k != KUBECTL_APPLIED}
        metadata["annotations"] = kept
    return {"metadata": metadata, "spec": live["spec"]}


def _annotations(live: Manifest) -> dict[str, str]:
    return live["metadata"].get("annotations") or {}
