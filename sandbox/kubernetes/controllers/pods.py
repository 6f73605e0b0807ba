"""Questions every workload controller asks of Pods, and how a Pod is made from a template."""

import json
import zlib
from typing import Any

from sandbox.kubernetes.controllers.family import condition, is_terminating
from sandbox.kubernetes.controllers.plane import Clock
from sandbox.kubernetes.kinds import Object
from sandbox.kubernetes.objects import parsed

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def phase(pod: Object) -> str:
    return str((pod.get("status") or {}).get("phase", "Pending"))


def is_finished(pod: Object) -> bool:
    return phase(pod) in ("Succeeded", "Failed")


def is_active(pod: Object) -> bool:
    return not is_terminating(pod) and not is_finished(pod)


def is_ready(pod: Object) -> bool:
    ready = condition(pod, "Ready")
    return ready is not None and ready["status"] == "True"


def available_in(pod: Object, min_ready: float, clock: Clock) -> float | None:
    """Emulated seconds until the Pod counts as available: 0 now, None while it isn't Ready."""
    ready = condition(pod, "Ready")
    if ready is None or ready["status"] != "True":
        return None
    if not min_ready:
        return 0.0
    return max(0.0, min_ready - clock.since(ready["lastTransitionTime"]))


def template_hash(template: Object) -> str:
    """A short name for a template, in the letters Kubernetes uses for such names."""
    canonical = json.dumps(template, sort_keys=True, separators=(",", ":"))
    digits = str(zlib.crc32(canonical.encode()))
    return "".join(ALPHABET[int(digit)] for digit in digits)


def from_template(template: Object, namespace: str, owner: dict[str, Any]) -> Object:
    """A Pod of this template; the spec is shared with it, not copied (nobody writes into it)."""
    wanted = template.get("metadata") or {}
    metadata: Object = {"namespace": namespace, "ownerReferences": [owner]}
    for field in ("labels", "annotations"):
        if wanted.get(field):
            metadata[field] = dict(wanted[field])
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def deletion_rank(pod: Object, siblings_on_node: int) -> tuple[Any, ...]:
    """Sorts first the Pods that a scale-down takes first (ActivePodsWithRanks).

    Unassigned, pending, not ready, cheap to delete, crowded on its node, ready for less time,
    more restarts, younger.
    """
    metadata, status = pod["metadata"], pod.get("status") or {}
    ready = condition(pod, "Ready")
    since = parsed(ready["lastTransitionTime"]).timestamp() if ready and is_ready(pod) else 0.0
    restarts = sum(c.get("restartCount", 0) for c in status.get("containerStatuses") or ())
    return (
        bool(pod["spec"].get("nodeName")),
        {"Pending": 0, "Unknown": 1}.get(phase(pod), 2),
        is_ready(pod),
        _deletion_cost(metadata),
        -siblings_on_node,
        -since,
        -restarts,
        -parsed(metadata["creationTimestamp"]).timestamp(),
        metadata["name"],
    )


def _deletion_cost(metadata: Object) -> int:
    annotations = metadata.get("annotations") or {}
    try:
        return int(annotations.get("controller.kubernetes.io/pod-deletion-cost", "0"))
    except ValueError:
        return 0
