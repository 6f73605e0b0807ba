"""Whether a Pod gets the gate at its creation, and the patch that adds it; pure."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from console.kinds import Pod
from services.binding.state import excluded

INJECTED_FOR = "podgate.dev/injected-for"
# "/" in a key is written ~1 in a JSON pointer.
_POINTER = "/metadata/annotations/" + INJECTED_FOR.replace("/", "~1")

type Patch = list[dict[str, Any]]

# Completed here, before there are threads: see `console.answers.decoder`.
msgspec.convert({}, Pod)


class ClaimedService(msgspec.Struct, frozen=True):
    """As much of a claimed Service as the webhook keeps in memory."""

    uid: str
    namespace: str
    name: str
    selector: dict[str, str]

    def selects(self, labels: Mapping[str, str]) -> bool:
        """An empty selector matches nothing: such a Service has its endpoints by hand."""
        wanted = self.selector.items()
        return bool(wanted) and all(labels.get(key) == value for key, value in wanted)


def add_gate(
    pod: Mapping[str, Any], services: Iterable[ClaimedService], gate_type: str, *, add_on: str = ""
) -> Patch | None:
    """JSON patch for a Pod of these claimed Services' namespace; None when there is none to add."""
    services = tuple(services)
    if why_not(msgspec.convert(pod, Pod), services, gate_type, add_on=add_on):
        return None
    labels = pod["metadata"].get("labels") or {}
    uid = next(service.uid for service in services if service.selects(labels))
    return [*with_gate(pod, gate_type), _annotation(pod, uid)]


def why_not(
    pod: Pod, services: Iterable[ClaimedService], gate_type: str, *, add_on: str = ""
) -> str:
    """Why this Pod gets no gate from us, as a sentence; empty when it does."""
    labels = pod.metadata.labels
    if not any(service.selects(labels) for service in services):
        return "No claimed Service selects it."
    if any(gate.condition_type == gate_type for gate in pod.spec.readiness_gates):
        return "Its template has the gate already."
    why = excluded(pod, add_on=add_on)
    return why[1] if why else ""


def with_gate(pod: Mapping[str, Any], gate_type: str) -> Patch:
    gate = {"conditionType": gate_type}
    if pod["spec"].get("readinessGates"):
        return [{"op": "add", "path": "/spec/readinessGates/-", "value": gate}]
    return [{"op": "add", "path": "/spec/readinessGates", "value": [gate]}]


def _annotation(pod: Mapping[str, Any], uid: str) -> dict[str, Any]:
    if pod["metadata"].get("annotations"):
        return {"op": "add", "path": _POINTER, "value": uid}
    return {"op": "add", "path": "/metadata/annotations", "value": {INJECTED_FOR: uid}}
