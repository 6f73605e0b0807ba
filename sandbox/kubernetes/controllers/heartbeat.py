"""Nodes stay Ready: the status is renewed as seldom, the Lease as often as kubelets do.

A node whose kubelet is stopped says nothing: `lifecycle` notices.
"""

import asyncio
from datetime import UTC, datetime

from sandbox.kubernetes import machines
from sandbox.kubernetes.controllers.plane import Plane
from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.objects import now

NODE, LEASE = KINDS["Node"], KINDS["Lease"]
NAMESPACE = "kube-node-lease"
# Not scaled: nobody waits for a heartbeat.
RENEW, REPORT_EVERY = 10.0, 30


async def run(plane: Plane) -> None:
    """Runs until cancelled; the status goes out with every thirtieth Lease (five minutes)."""
    beat = 0
    while True:
        for node in plane.store.list(NODE):
            if machines.trouble(node):
                continue
            if LEASE.since_minor <= plane.cluster.minor:
                _renew(plane, node["metadata"]["name"])
            if beat % REPORT_EVERY == 0:
                _report(plane, node["metadata"]["name"])
        beat += 1
        await asyncio.sleep(RENEW)


def _renew(plane: Plane, name: str) -> None:
    spec = {
        "holderIdentity": name,
        "leaseDurationSeconds": 40,
        "renewTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }

    def write(lease: Object) -> None:
        lease["spec"] = spec

    if plane.store.find(LEASE, NAMESPACE, name) is not None:
        plane.store.change(LEASE, NAMESPACE, name, write)
    elif plane.store.find(KINDS["Namespace"], None, NAMESPACE) is not None:
        plane.store.create(
            LEASE, {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec}
        )


def _report(plane: Plane, name: str) -> None:
    def write(node: Object) -> None:
        for condition in (node.get("status") or {}).get("conditions") or ():
            condition["lastHeartbeatTime"] = now()

    plane.store.change(NODE, None, name, write, subresource="status")
