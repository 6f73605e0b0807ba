"""Objects as the API server would send them, decoded the way the watcher decodes them."""

from typing import Any

import msgspec

from console import kinds

NOW = "2026-11-21T08:00:00Z"
GATE = "podgate.dev/clb-ready"


def pod(name: str = "web-6f7c9d8b5-q2v7m", **changes: Any) -> kinds.Pod:
    """A running Pod of Deployment web; `metadata`, `spec` and `status` are merged on top."""
    manifest: dict[str, Any] = {
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": f"uid-{name}",
            "resourceVersion": "7",
            "creationTimestamp": NOW,
            "labels": {"app": "web", "pod-template-hash": "6f7c9d8b5"},
            "ownerReferences": [
                {"kind": "ReplicaSet", "name": "web-6f7c9d8b5", "uid": "rs", "controller": True}
            ],
        },
        "spec": {"nodeName": "node-1", "containers": [{"name": "web", "image": "web:1"}]},
        "status": {
            "phase": "Running",
            "podIP": "127.64.20.5",
            "conditions": [
                {"type": "Ready", "status": "True"},
                {"type": "ContainersReady", "status": "True"},
            ],
            "containerStatuses": [running("web")],
        },
    }
    for part, values in changes.items():
        manifest[part] = manifest[part] | values
    return msgspec.convert(manifest, kinds.Pod)


def running(name: str, **changes: Any) -> dict[str, Any]:
    state = {"running": {"startedAt": NOW}}
    return {"name": name, "ready": True, "restartCount": 0, "state": state} | changes


def workload(
    name: str = "web", *, spec: dict[str, Any], status: dict[str, Any], generation: int = 3
) -> kinds.Workload:
    manifest = {
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": f"uid-{name}",
            "resourceVersion": "9",
            "creationTimestamp": NOW,
            "generation": generation,
        },
        "spec": spec,
        "status": {"observedGeneration": 3} | status,
    }
    return msgspec.convert(manifest, kinds.Workload)
