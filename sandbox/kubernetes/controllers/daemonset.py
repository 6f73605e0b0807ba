"""The DaemonSet controller: one Pod on every node that takes it, renewed node by node."""

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.kubernetes import admission
from sandbox.kubernetes.controllers import history
from sandbox.kubernetes.controllers.creating import note_refusal, slowly
from sandbox.kubernetes.controllers.family import (
    children,
    find,
    is_terminating,
    key_of,
    keys_of_controllers,
    owned_by,
)
from sandbox.kubernetes.controllers.fitting import misplaced
from sandbox.kubernetes.controllers.loop import Controller
from sandbox.kubernetes.controllers.plane import Plane
from sandbox.kubernetes.controllers.pods import available_in, from_template, is_finished, is_ready
from sandbox.kubernetes.controllers.queue import Key
from sandbox.kubernetes.controllers.rollout import absolute
from sandbox.kubernetes.errors import StatusError
from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.store import Event

DAEMONSET, POD, NODE = KINDS["DaemonSet"], KINDS["Pod"], KINDS["Node"]
SOURCE = "daemonset-controller"
# What every daemon Pod tolerates, so that it stays while its node is in trouble.
TOLERATIONS = [
    {"key": f"node.kubernetes.io/{trouble}", "operator": "Exists", "effect": effect}
    for trouble, effect in (
        ("not-ready", "NoExecute"),
        ("unreachable", "NoExecute"),
        ("disk-pressure", "NoSchedule"),
        ("memory-pressure", "NoSchedule"),
        ("pid-pressure", "NoSchedule"),
        ("unschedulable", "NoSchedule"),
    )
]


def keys(plane: Plane, event: Event) -> Iterator[Key]:
    if event.kind is DAEMONSET:
        yield key_of(event.obj)
    elif event.kind is POD:
        yield from keys_of_controllers(event, DAEMONSET)
    elif event.old is None or event.type == "DELETED" or _differs(event.obj, event.old):
        yield from (key_of(daemonset) for daemonset in plane.store.list(DAEMONSET))


def _differs(node: Object, old: Object) -> bool:
    """A heartbeat is not news."""
    return (node.get("spec"), node["metadata"].get("labels")) != (
        old.get("spec"),
        old["metadata"].get("labels"),
    )


@dataclass(frozen=True)
class Daemons:
    """A DaemonSet, the nodes it wants, and its Pods by node."""

    obj: Object
    nodes: list[str]
    pods: dict[str, list[Object]]
    revision: Object

    def is_updated(self, pod: Object) -> bool:
        labels = pod["metadata"].get("labels") or {}
        return bool(labels.get(history.HASH) == history.hash_of(self.revision))


def _read(plane: Plane, obj: Object) -> Daemons:
    revision = history.synced(plane, obj, DAEMONSET)
    pods: dict[str, list[Object]] = {}
    for pod in children(plane.store, obj, POD):
        pods.setdefault(_node_of(pod), []).append(pod)
    template = {"spec": {**obj["spec"]["template"]["spec"], "tolerations": _tolerations(obj)}}
    nodes = [
        name
        for node in plane.store.list(NODE)
        if _takes(node, template, has_pod=(name := node["metadata"]["name"]) in pods)
    ]
    return Daemons(obj, nodes, pods, revision)


def _takes(node: Object, template: Object, *, has_pod: bool) -> bool:
    """Room is not asked for; a taint against scheduling lets a Pod that is there stay."""
    effects = ("NoExecute",) if has_pod else ("NoSchedule", "NoExecute")
    return misplaced(template, node, effects=effects) is None


def _node_of(pod: Object) -> str:
    """Bound or not yet: the node its affinity names."""
    if name := pod["spec"].get("nodeName"):
        return str(name)
    affinity = pod["spec"]["affinity"]["nodeAffinity"]
    terms = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    return str(terms[0]["matchFields"][0]["values"][0])


def _tolerations(obj: Object) -> list[Object]:
    return [*(obj["spec"]["template"]["spec"].get("tolerations") or ()), *TOLERATIONS]


async def reconcile(plane: Plane, key: Key) -> float | None:
    obj = find(plane.store, DAEMONSET, key)
    if obj is None:
        return None
    if not is_terminating(obj):
        await _manage(plane, _read(plane, obj))
        _update(plane, _read(plane, obj))
    fresh = _read(plane, obj)
    hashes = {
        (pod["metadata"].get("labels") or {}).get(history.HASH)
        for pods in fresh.pods.values()
        for pod in pods
    }
    live = {fresh.revision["metadata"]["name"]} | {
        r["metadata"]["name"] for r in history.revisions(plane, obj) if history.hash_of(r) in hashes
    }
    history.forget_old(plane, obj, live=live)
    return _report(plane, fresh)


async def _manage(plane: Plane, daemons: Daemons) -> None:
    for node in daemons.nodes:
        present = daemons.pods.get(node, [])
        for pod in present:
            if is_finished(pod) and not is_terminating(pod):
                _delete(plane, daemons, pod)
    missing = [node for node in daemons.nodes if not daemons.pods.get(node)]
    await slowly(len(missing), lambda number: _create(plane, daemons, missing[number]))
    for node, pods in daemons.pods.items():
        surplus = pods[1:] if node in daemons.nodes else pods
        for pod in surplus:
            if not is_terminating(pod):
                _delete(plane, daemons, pod)


def _update(plane: Plane, daemons: Daemons) -> None:
    """Old Pods go as long as no more than maxUnavailable nodes are without a daemon."""
    strategy = daemons.obj["spec"].get("updateStrategy") or {}
    if strategy.get("type", "RollingUpdate") != "RollingUpdate":
        return
    rolling = strategy.get("rollingUpdate") or {}
    wanted = rolling.get("maxUnavailable")
    allowed = max(1, absolute(wanted, len(daemons.nodes), default=1, up=True))
    min_ready = daemons.obj["spec"].get("minReadySeconds", 0)
    serving, outdated = 0, []
    for node in daemons.nodes:
        for pod in daemons.pods.get(node, [])[:1]:
            if is_terminating(pod):
                continue
            available = available_in(pod, min_ready, plane.clock) == 0
            serving += available
            if not daemons.is_updated(pod):
                outdated.append((available, pod))
    room = allowed - (len(daemons.nodes) - serving)
    # Those that do not serve anyway cost nothing.
    for available, pod in sorted(outdated, key=lambda pair: pair[0]):
        if available and room <= 0:
            return
        room -= available
        _delete(plane, daemons, pod)


async def _create(plane: Plane, daemons: Daemons, node: str) -> None:
    metadata = daemons.obj["metadata"]
    template = history.template_of(daemons.revision)
    pod = from_template(template, metadata["namespace"], owned_by(daemons.obj, DAEMONSET))
    pod["metadata"]["generateName"] = metadata["name"] + "-"
    pod["metadata"].setdefault("labels", {})[history.HASH] = history.hash_of(daemons.revision)
    here = {"key": "metadata.name", "operator": "In", "values": [node]}
    required = {"nodeSelectorTerms": [{"matchFields": [here]}]}
    pod["spec"] = {
        **pod["spec"],
        "tolerations": _tolerations(daemons.obj),
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}},
    }
    try:
        made = await admission.create(plane.store, POD, pod, by=admission.controller(SOURCE))
    except StatusError as error:
        note_refusal(plane, daemons.obj, error, source=SOURCE)
        raise
    message = f"Created pod: {made['metadata']['name']}"
    plane.events.normal(daemons.obj, "SuccessfulCreate", message, source=SOURCE)


def _delete(plane: Plane, daemons: Daemons, pod: Object) -> None:
    metadata = pod["metadata"]
    plane.store.delete(POD, metadata["namespace"], metadata["name"], uid=metadata["uid"])
    message = f"Deleted pod: {metadata['name']}"
    plane.events.normal(daemons.obj, "SuccessfulDelete", message, source=SOURCE)


def _report(plane: Plane, daemons: Daemons) -> float | None:
    min_ready = daemons.obj["spec"].get("minReadySeconds", 0)
    first = [daemons.pods[node][0] for node in daemons.nodes if node in daemons.pods]
    waits = [available_in(pod, min_ready, plane.clock) for pod in first]
    wanted, available = len(daemons.nodes), waits.count(0.0)
    misplaced = sum(len(pods) for node, pods in daemons.pods.items() if node not in daemons.nodes)
    counts = {
        "currentNumberScheduled": len(first),
        "numberMisscheduled": misplaced,
        "desiredNumberScheduled": wanted,
        "numberReady": sum(is_ready(pod) for pod in first),
    }
    optional = {
        "updatedNumberScheduled": sum(daemons.is_updated(pod) for pod in first),
        "numberAvailable": available,
        "numberUnavailable": wanted - available,
    }

    def write(obj: Object) -> None:
        status = obj.setdefault("status", {})
        for field in optional:
            status.pop(field, None)
        status.update(counts | {field: count for field, count in optional.items() if count})
        status["observedGeneration"] = daemons.obj["metadata"]["generation"]

    metadata = daemons.obj["metadata"]
    place = (DAEMONSET, metadata["namespace"], metadata["name"])
    plane.store.change(*place, write, subresource="status")
    return min((wait for wait in waits if wait), default=None)


controller = Controller(
    "daemonset", (DAEMONSET, POD, NODE), keys, reconcile, gathers=True, workers=2
)
