"""What may be wrong in the account and is not the demo world's: clusters, subnets, interfaces.

Set over the control API, kept in the state directory; gone with a reset.
"""

from typing import Any

import msgspec

from sandbox.tencent.security import eni_ids
from sandbox.tencent.store import Store
from sandbox.world import Cluster, Subnet, World

NETWORK_TYPES = ("GR", "VPC-CNI", "CiliumOverlay", "CiliumBGP")
CLUSTER_TYPES = ("MANAGED_CLUSTER", "INDEPENDENT_CLUSTER", "EKS_CLUSTER")
STATUSES = ("Running", "Upgrading", "Isolated", "Idling", "Recovering")
# How far VPC-CNI is; empty: as the cluster was made.
OFF, ENABLING, FAILED, ON = "off", "enabling", "failed", "on"


class Condition(msgspec.Struct, forbid_unknown_fields=True):
    """Of one cluster; what is empty is as the world has it."""

    status: str = "Running"
    type: str = ""
    network_type: str = ""
    vpc_cni: str = ""
    error: str = ""


class Interface(msgspec.Struct, forbid_unknown_fields=True):
    """Of an ENI for Pods: taken off its node, or with addresses that are a node's own."""

    attached: bool = True
    primary: bool = False


class Conditions:
    def __init__(self, store: Store, world: World) -> None:
        self._store, self._world = store, world
        self._clusters = store.read("condition", Condition)
        self._interfaces = store.read("interface", Interface)
        self._used_up: list[str] = store.setting("used_up", [])

    def of(self, cluster: Cluster) -> Condition:
        return self._clusters.get(cluster.id) or Condition()

    def set(self, id: str, changes: dict[str, Any]) -> None:
        """`changes` are fields of Condition; those that are not named stay."""
        if id not in {cluster.id for cluster in self._world.clusters}:
            raise ValueError(f"no cluster {id}")
        now = msgspec.to_builtins(self._clusters.get(id) or Condition())
        wanted = msgspec.convert({**now, **changes}, Condition)
        for value, known in (
            (wanted.status, STATUSES),
            (wanted.type, ("", *CLUSTER_TYPES)),
            (wanted.network_type, ("", *NETWORK_TYPES)),
            (wanted.vpc_cni, ("", OFF, ENABLING, FAILED, ON)),
        ):
            if value not in known:
                raise ValueError(f"{value!r} is none of {', '.join(filter(None, known))}")
        self._clusters[id] = wanted
        self._store.put("condition", id, wanted)

    def interface(self, id: str) -> Interface:
        return self._interfaces.get(id) or Interface()

    def set_interface(self, id: str, changes: dict[str, Any]) -> None:
        if id not in eni_ids(self._world.clusters):
            raise ValueError(f"no interface {id}")
        now = msgspec.to_builtins(self.interface(id))
        self._interfaces[id] = msgspec.convert({**now, **changes}, Interface)
        self._store.put("interface", id, self._interfaces[id])

    def is_full(self, subnet: Subnet) -> bool:
        return subnet.role == "full" or subnet.id in self._used_up

    def use_up(self, id: str, on: bool) -> None:
        """Others have, or give back, every address of a subnet that is left."""
        subnets = {subnet.id for cluster in self._world.clusters for subnet in cluster.vpc.subnets}
        if id not in subnets:
            raise ValueError(f"no subnet {id}")
        self._used_up = [each for each in self._used_up if each != id] + [id] * on
        self._store.set("used_up", self._used_up)
