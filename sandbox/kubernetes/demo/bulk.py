"""Deployments by the hundred, for benchmarks against a headless sandbox."""

from collections.abc import Iterator

from sandbox.kubernetes.demo.manifests import App, cluster_ip, deployment, namespace
from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.store import Store


def manifests(
    pods: int, *, into: str = "bulk", per_deployment: int = 200, gated: bool = False
) -> Iterator[tuple[str, Object]]:
    """A namespace and as many Deployments as it takes; each with a ClusterIP Service."""
    yield "Namespace", namespace(into)
    for number, first in enumerate(range(0, pods, per_deployment)):
        app = App(
            f"bulk-{number:03d}",
            "shop/bulk:1.0.0",
            (("http", 8080),),
            replicas=min(per_deployment, pods - first),
            gated=gated,
            drain_seconds=0,
        )
        yield "Deployment", deployment(app, into)
        yield "Service", cluster_ip(app.name, into, {80: "http"})


def seed(store: Store, pods: int, *, gated: bool = False, per_deployment: int = 200) -> None:
    """Put them into a store; a client may as well create the same manifests over HTTP."""
    for kind, manifest in manifests(pods, gated=gated, per_deployment=per_deployment):
        store.create(KINDS[kind], manifest)
