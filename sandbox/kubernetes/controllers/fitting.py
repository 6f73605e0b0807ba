"""Whether a node can take a Pod, in the scheduler's own words when it cannot; pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import Any

from sandbox.kubernetes.controllers.selectors import selects
from sandbox.kubernetes.kinds import Object

_UNITS = {
    "n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 1000), "k": Fraction(1000),
    **{unit: Fraction(1000 ** (n + 2)) for n, unit in enumerate("MGTPE")},
    **{f"{unit}i": Fraction(1024 ** (n + 1)) for n, unit in enumerate("KMGTPE")},
}  # fmt: skip


def refusals(pod: Object, node: Object, load: Mapping[str, int]) -> tuple[str, ...]:
    """Why not here; empty where it fits. `load`: what is taken on the node, "pods" and `requests`.

    As in the scheduler the first filter that says no is the last one asked.
    """
    if why := misplaced(pod, node):
        return (why,)
    room = (node.get("status") or {}).get("allocatable") or {}
    found = []
    if load.get("pods", 0) * 1000 >= thousandths(room.get("pods", "110")):
        found.append("Too many pods")
    for name, wanted in requests(pod).items():
        if wanted and load.get(name, 0) + wanted > thousandths(room.get(name, "0")):
            found.append(f"Insufficient {name}")
    return tuple(found)


def misplaced(
    pod: Object, node: Object, *, effects: Sequence[str] = ("NoSchedule", "NoExecute")
) -> str | None:
    """Why this node is the wrong one, however much room it has: taints, then affinity."""
    tolerations = pod["spec"].get("tolerations") or ()
    for taint in _taints(node):
        if taint["effect"] in effects and not _tolerates(tolerations, taint):
            if taint["key"] == "node.kubernetes.io/unschedulable":
                return "node(s) were unschedulable"
            return f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"
    if not _wants(pod["spec"], node):
        return "node(s) didn't match Pod's node affinity/selector"
    return None


def is_resolvable(why: str) -> bool:
    """Whether fewer Pods on the node would help, so that preemption is thought about."""
    return why.startswith(("Insufficient", "Too many pods"))


def requests(pod: Object) -> Counter[str]:
    """What the Pod asks for, in thousandths: all containers at once, or the greediest init one."""
    spec = pod["spec"]
    total: Counter[str] = Counter()
    for container in spec["containers"]:
        total.update(_asked(container))
    for container in spec.get("initContainers") or ():
        total |= Counter(_asked(container))
    return total


@lru_cache(maxsize=1024)
def thousandths(quantity: str | float) -> int:
    """A resource.Quantity (100m, 1.5, 128Mi, 1e3) in thousandths, rounded up."""
    text, unit = str(quantity), Fraction(1)
    for length in (2, 1):
        if text[-length:] in _UNITS:
            text, unit = text[:-length], _UNITS[text[-length:]]
            break
    return ceil(Fraction(text) * unit * 1000)


def _asked(container: Object) -> dict[str, int]:
    asked = (container.get("resources") or {}).get("requests") or {}
    return {name: thousandths(amount) for name, amount in asked.items()}


def _wants(spec: Object, node: Object) -> bool:
    labels = node["metadata"].get("labels") or {}
    if not (spec.get("nodeSelector") or {}).items() <= labels.items():
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if not required:
        return True
    fields = {"metadata.name": node["metadata"]["name"]}
    return any(
        selects({"matchExpressions": term.get("matchExpressions") or ()}, labels)
        and selects({"matchExpressions": term.get("matchFields") or ()}, fields)
        for term in required["nodeSelectorTerms"]
    )


def _taints(node: Object) -> list[dict[str, Any]]:
    spec = node.get("spec") or {}
    taints = list(spec.get("taints") or ())
    if spec.get("unschedulable"):
        taints.insert(0, {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"})
    return taints


def _tolerates(tolerations: Sequence[Mapping[str, Any]], taint: Mapping[str, Any]) -> bool:
    return any(tolerates(one, taint) for one in tolerations)


def tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    return (
        toleration.get("effect") in (None, "", taint["effect"])
        and (not toleration.get("key") or toleration["key"] == taint["key"])
        and (
            toleration.get("operator") == "Exists"
            or toleration.get("value", "") == taint.get("value", "")
        )
    )
