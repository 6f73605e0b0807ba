"""What runs in each demo cluster. Docs and tests rely on these names."""

from collections.abc import Iterator

from sandbox.kubernetes.demo.manifests import (
    App,
    cluster_ip,
    config_map,
    daemonset,
    deployment,
    namespace,
    node,
    statefulset,
)
from sandbox.kubernetes.kinds import Object
from sandbox.world import Cluster

# (kind name, manifest)
Manifest = tuple[str, Object]

STOREFRONT = App(
    "storefront",
    "shop/storefront:2.4.1",
    (("http", 8080), ("metrics", 9090)),
    replicas=3,
    labels={"tier": "web"},
    env={"CATALOG_URL": "http://catalog.shop:8081"},
)
CATALOG = App(
    "catalog", "shop/catalog:1.18.0", (("http", 8081),), replicas=20, labels={"tier": "api"}
)
REVIEWS = App(
    "reviews", "shop/reviews:0.9.3", (("http", 8082),), replicas=2, labels={"tier": "api"}
)
CART = App("cart", "shop/cart:3.0.0", (("http", 8083),), replicas=2, labels={"tier": "data"})
ORDERS = App("orders", "shop/orders:1.2.2", (("http", 8084),), replicas=3, labels={"tier": "api"})
TELEMETRY = App(
    "telemetry", "shop/telemetry:0.4.0", (("statsd", 8125, "UDP"),), labels={"tier": "ops"}
)
DNS = App(
    "coredns",
    "tkeimages/coredns:1.8.4",
    (("health", 18080), ("dns", 5353, "UDP"), ("dns-tcp", 5353)),
    replicas=2,
    drain_seconds=5,
    labels={"k8s-app": "kube-dns"},
    probe_path="/health",
)


def _agent(name: str, port: int) -> App:
    return App(
        name,
        f"tkeimages/{name}:v1.5.0",
        (("metrics", port),),
        host_network=True,
        drain_seconds=0,
    )


def manifests(cluster: Cluster) -> Iterator[Manifest]:
    """In the order in which they have to be made."""
    for name in ("default", "kube-system", "kube-public", "kube-node-lease", "shop"):
        yield "Namespace", namespace(name)
    for number in range(cluster.nodes):
        yield "Node", node(cluster, number)
    yield "Service", cluster_ip("kubernetes", "default", {443: 60002}, selector={})
    yield from _system(cluster)
    yield from _SHOPS[cluster.id](cluster)


def _system(cluster: Cluster) -> Iterator[Manifest]:
    eni = bool(cluster.vpc_cni_type)
    yield "Deployment", deployment(_on(DNS, eni=eni), "kube-system", owner="platform")
    selector = {"k8s-app": "kube-dns"}
    service = cluster_ip("kube-dns", "kube-system", {53: "dns"}, selector=selector, protocol="UDP")
    yield "Service", service
    yield "DaemonSet", daemonset(_agent("node-agent", 19100), "kube-system")
    agent = "tke-eni-agent" if eni else "tke-bridge-agent"
    yield "DaemonSet", daemonset(_agent(agent, 19101), "kube-system")
    if eni:
        # No tke-service-controller-config here: nobody but podgate binds on this cluster.
        settings = {"eniip-mode": cluster.vpc_cni_type, "security-groups": ""}
        yield "ConfigMap", config_map("tke-eni-ipamd-config", "kube-system", settings)
    else:
        yield "ConfigMap", config_map("tke-service-controller-config", "kube-system", _TKE)


_TKE = {
    "GlobalRouteDirectAccess": "true",
    "EnableNodeGracefulDeletion": "false",
    "REUSE_LOADBALANCER": "true",
    "VERSION": "v2.3.1",
}


def _on(app: App, *, eni: bool = False, gated: bool = False, replicas: int | None = None) -> App:
    size = app.replicas if replicas is None else replicas
    return App(**{**app.__dict__, "eni": eni, "gated": gated, "replicas": size})


def _vpccni(cluster: Cluster) -> Iterator[Manifest]:
    """Two that wait for their load balancer, one that does not, one with an order."""
    storefront, catalog = _on(STOREFRONT, eni=True, gated=True), _on(CATALOG, eni=True, gated=True)
    yield "ConfigMap", config_map("storefront-settings", "shop", {"theme": "autumn", "pages": "24"})
    yield "Deployment", deployment(storefront, "shop", maxSurge=1, maxUnavailable=0)
    yield "Deployment", deployment(catalog, "shop")
    yield "Deployment", deployment(_on(REVIEWS, eni=True), "shop", owner="social")
    yield "Service", cluster_ip("reviews", "shop", {80: "http"})
    yield "Service", cluster_ip("cart", "shop", {8083: "http"}, headless=True)
    yield "StatefulSet", statefulset(_on(CART, eni=True), "shop")


def _router(cluster: Cluster) -> Iterator[Manifest]:
    yield "Deployment", deployment(_on(STOREFRONT, replicas=2), "shop")
    yield "Service", cluster_ip("storefront", "shop", {80: "http"})
    yield "Deployment", deployment(ORDERS, "shop", owner="orders")
    yield "Deployment", deployment(TELEMETRY, "shop", owner="platform")
    yield "Service", cluster_ip("telemetry", "shop", {8125: "statsd"}, protocol="UDP")


def _cilium(cluster: Cluster) -> Iterator[Manifest]:
    yield "Deployment", deployment(_on(STOREFRONT, replicas=2), "shop")
    yield "Deployment", deployment(_on(REVIEWS), "shop", owner="social")


def _old(cluster: Cluster) -> Iterator[Manifest]:
    yield "Deployment", deployment(_on(ORDERS, replicas=2), "shop", owner="orders")


_SHOPS = {
    "cls-vpccni01": _vpccni,
    "cls-router01": _router,
    "cls-cilium01": _cilium,
    "cls-oldk8s01": _old,
}
