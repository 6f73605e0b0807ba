"""Everything that makes an API server a cluster: controllers, scheduler, kubelets."""

import asyncio

from sandbox.kubernetes.controllers import (
    adoption,
    daemonset,
    deployment,
    disruption,
    endpoints,
    garbage,
    heartbeat,
    lifecycle,
    loop,
    namespaces,
    replicaset,
    scheduler,
    statefulset,
)
from sandbox.kubernetes.controllers.events import Events
from sandbox.kubernetes.controllers.plane import Clock, Plane
from sandbox.kubernetes.kubelet import headless as headless_kubelet
from sandbox.kubernetes.kubelet import kubelet
from sandbox.kubernetes.kubelet.addresses import Addresses
from sandbox.kubernetes.store import Store
from sandbox.world import Cluster


async def start(
    store: Store, cluster: Cluster, *, time_scale: float = 1.0, headless: bool = False
) -> None:
    """Run the cluster until cancelled; then every socket of its Pods is closed."""
    plane = Plane(
        store, cluster, Events(store, silent=headless), Clock(time_scale), headless=headless
    )
    addresses = Addresses([str(cidr) for cidr in cluster.pod_cidrs])
    controllers = [
        adoption.controller,
        deployment.controller,
        replicaset.controller,
        statefulset.controller,
        daemonset.controller,
        endpoints.controller(),
        garbage.controller,
        namespaces.controller,
        disruption.controller,
        lifecycle.controller(),
        scheduler.controller(),
    ]
    if headless:
        kubelet.reserve(addresses, store.list(kubelet.POD))
        controllers.append(headless_kubelet.controller(plane, addresses))
    async with asyncio.TaskGroup() as tasks:
        for controller in controllers:
            tasks.create_task(loop.run(plane, controller), name=controller.name)
        tasks.create_task(heartbeat.run(plane), name="heartbeat")
        if not headless:
            tasks.create_task(kubelet.run(plane, addresses), name="kubelets")
