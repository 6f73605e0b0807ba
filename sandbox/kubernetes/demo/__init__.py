"""The demo world: what is in each cluster when it is new."""

from sandbox.kubernetes.demo.clusters import manifests
from sandbox.kubernetes.kinds import KINDS
from sandbox.kubernetes.store import Store
from sandbox.world import Cluster

__all__ = ["seed"]


def seed(store: Store, cluster: Cluster) -> None:
    """Fill an empty store; controllers and kubelets then bring it to life."""
    for kind, manifest in manifests(cluster):
        store.create(KINDS[kind], manifest)
