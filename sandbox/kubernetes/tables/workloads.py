"""The columns of workloads."""

from sandbox.kubernetes.kinds import Object
from sandbox.kubernetes.tables.column import (
    AGE,
    CONTAINERS,
    IMAGES,
    NAME,
    NONE,
    SELECTOR,
    Column,
    at,
    label_text,
)

_TAIL = (CONTAINERS, IMAGES, SELECTOR)


def _number(name: str, *path: str) -> Column:
    return Column(name, at(*path, default=0), "integer")


def _of(part: str) -> Column:
    """`ready/wanted` of a workload."""
    done, wanted = at("status", part, default=0), at("spec", "replicas", default=0)
    return Column("Ready", lambda obj: f"{done(obj)}/{wanted(obj)}")


DEPLOYMENT = (
    NAME,
    _of("readyReplicas"),
    _number("Up-to-date", "status", "updatedReplicas"),
    _number("Available", "status", "availableReplicas"),
    AGE,
    *_TAIL,
)
REPLICASET = (
    NAME,
    _number("Desired", "spec", "replicas"),
    _number("Current", "status", "replicas"),
    _number("Ready", "status", "readyReplicas"),
    AGE,
    *_TAIL,
)
STATEFULSET = (NAME, _of("readyReplicas"), AGE, CONTAINERS, IMAGES)
DAEMONSET = (
    NAME,
    _number("Desired", "status", "desiredNumberScheduled"),
    _number("Current", "status", "currentNumberScheduled"),
    _number("Ready", "status", "numberReady"),
    _number("Up-to-date", "status", "updatedNumberScheduled"),
    _number("Available", "status", "numberAvailable"),
    Column(
        "Node Selector",
        lambda obj: label_text(obj["spec"]["template"].get("spec", {}).get("nodeSelector")),
    ),
    AGE,
    *_TAIL,
)


def _controller(obj: Object) -> str:
    for owner in obj["metadata"].get("ownerReferences", []):
        if owner.get("controller"):
            group = owner["apiVersion"].split("/")[0]
            return f"{owner['kind'].lower()}.{group}/{owner['name']}"
    return NONE


CONTROLLERREVISION = (
    NAME,
    Column("Controller", _controller),
    _number("Revision", "revision"),
    AGE,
)
PODDISRUPTIONBUDGET = (
    NAME,
    Column("Min Available", at("spec", "minAvailable", default="N/A")),
    Column("Max Unavailable", at("spec", "maxUnavailable", default="N/A")),
    _number("Allowed Disruptions", "status", "disruptionsAllowed"),
    AGE,
)
