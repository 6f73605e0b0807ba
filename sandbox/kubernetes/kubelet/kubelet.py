"""All kubelets of a cluster: a worker for every Pod bound to one of its nodes."""

from collections.abc import Sequence

from sandbox.kubernetes import machines
from sandbox.kubernetes.controllers.plane import Plane
from sandbox.kubernetes.controllers.pods import is_finished
from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.kubelet.addresses import Addresses
from sandbox.kubernetes.kubelet.worker import Worker
from sandbox.kubernetes.store import Event

POD, NODE = KINDS["Pod"], KINDS["Node"]


def node_ip(node: Object) -> str:
    addresses = (node.get("status") or {}).get("addresses") or ()
    return next((str(a["address"]) for a in addresses if a["type"] == "InternalIP"), "")


def reserve(addresses: Addresses, pods: Sequence[Object]) -> None:
    """Pods that are there already keep their addresses; before anybody asks for a new one."""
    for pod in pods:
        ip = (pod.get("status") or {}).get("podIP", "")
        if ip and not pod["spec"].get("hostNetwork") and not is_finished(pod):
            addresses.take(pod["metadata"]["uid"], ip=ip)


async def run(plane: Plane, addresses: Addresses) -> None:
    """Runs until cancelled; then every socket is closed."""
    workers: dict[str, Worker] = {}
    reserve(addresses, plane.store.list(POD))
    subscription = plane.store.watch(NODE, POD)
    try:
        async for event in subscription:
            if event.kind is NODE:
                await _changed(plane, workers, event, addresses)
                continue
            await _heard(plane, workers, event, addresses)
    finally:
        subscription.close()
        for worker in workers.values():
            await worker.kill()


async def _changed(
    plane: Plane, workers: dict[str, Worker], event: Event, addresses: Addresses
) -> None:
    """A node's machine or kubelet stopped, or is back and hears all it has missed."""
    now, before = machines.trouble(event.obj), machines.trouble(event.old)
    if event.old is None or now == before:
        return
    name = event.obj["metadata"]["name"]
    for worker in list(workers.values()):
        if worker.pod["spec"]["nodeName"] == name:
            await worker.behave()
    if now:
        return
    for pod in plane.store.list(POD):
        if pod["spec"].get("nodeName") == name:
            await _heard(plane, workers, Event("MODIFIED", POD, pod, event.revision), addresses)


async def _heard(
    plane: Plane, workers: dict[str, Worker], event: Event, addresses: Addresses
) -> None:
    pod, uid = event.obj, event.obj["metadata"]["uid"]
    worker = workers.get(uid)
    if event.type == "DELETED":
        if worker is not None:
            del workers[uid]
            await worker.kill()
    elif worker is not None:
        await worker.update(pod)
    elif (name := pod["spec"].get("nodeName")) and not is_finished(pod):
        node = plane.store.find(NODE, None, name)
        if node is not None and not machines.trouble(node):
            workers[uid] = Worker(plane, pod, node_ip(node), addresses)
