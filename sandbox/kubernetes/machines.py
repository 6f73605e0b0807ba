"""Nodes in trouble, as the annotation `sandbox.podgate.dev/node` tells them; pure.

`kubelet-stopped`: the containers run on, but nobody posts status. `off`: nor do they answer.
"""

from sandbox.kubernetes.kinds import Object

ANNOTATION = "sandbox.podgate.dev/node"
STOPPED, OFF = "kubelet-stopped", "off"


def trouble(node: Object | None) -> str:
    """What ails it; empty for a node that works (or is not there)."""
    if node is None:
        return ""
    said = (node["metadata"].get("annotations") or {}).get(ANNOTATION, "")
    return str(said) if said in (STOPPED, OFF) else ""
