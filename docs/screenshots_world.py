"""What the screenshots show beyond the demo world: Services that work, wait, and are in trouble."""

import json
import urllib.request
from typing import Any

from bench.stack import Running
from sandbox.kubernetes.demo.manifests import App, deployment

ROUTER = "cls-router01"
_ODD = "sandbox.podgate.dev/"
# Healthy for the kubelet, Dead for the load balancer; an image that is not there; a floor that
# the strategy cannot keep.
DEAD = {f"{_ODD}readiness": "pass", f"{_ODD}refuse-connections": "true"}
FLOOR = "podgate.dev/min-healthy-targets"
PAYMENTS = App("payments", "shop/payments:5.1.0", (("http", 8085),), replicas=2)
CHECKOUT = App("checkout", "shop/checkout:does-not-exist", (("http", 8086),), replicas=2)
BASKET = App("basket", "shop/basket:1.4.0", (("http", 8087),), replicas=4)


def build(product: Running) -> None:
    for app, odd in ((PAYMENTS, DEAD), (CHECKOUT, {}), (BASKET, {})):
        gated = App(**{**app.__dict__, "eni": True, "gated": True})
        workload = deployment(gated, "shop")
        workload["spec"]["template"]["metadata"]["annotations"] |= odd
        _apply(product, {"apiVersion": "apps/v1", "kind": "Deployment", **workload})
    # Five waves: long enough to be looked at.
    waves = '{"spec": {"strategy": {"rollingUpdate": {"maxSurge": 4, "maxUnavailable": 0}}}}'
    product.kubectl("-n", "shop", "patch", "deployment", "catalog", "-p", waves)
    _apply(product, service("storefront", 8080, port=80, annotations={FLOOR: "2"}))
    _apply(product, service("catalog", 8081))
    _apply(product, service("payments", 8085))
    _apply(product, service("checkout", 8086))
    _apply(product, service("basket", 8087, annotations={FLOOR: "100%"}))
    full = {"service.kubernetes.io/qcloud-loadbalancer-internal-subnetid": "subnet-full01"}
    blocked = service("reviews", 8082, annotations=full)
    blocked["metadata"]["name"] = "reviews-internal"
    _apply(product, blocked)


def service(
    name: str, target: int, *, port: int = 8080, annotations: dict[str, str] | None = None
) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "shop", "annotations": annotations or {}},
        "spec": {
            "type": "LoadBalancer",
            "loadBalancerClass": "podgate.dev/clb",
            "allocateLoadBalancerNodePorts": False,
            "selector": {"app": name},
            "ports": [{"name": "http", "port": port, "targetPort": target}],
        },
    }


def build_router(product: Running) -> None:
    """A Service of the GlobalRouter cluster, whose nodes' security group lets no check in."""
    classic = service("orders", 8084, annotations={"podgate.dev/claim": "clb"})
    classic["metadata"]["name"] = "orders-public"
    classic["spec"] = {
        "type": "ClusterIP",
        "selector": {"app": "orders"},
        "ports": classic["spec"]["ports"],
    }
    _apply(product, classic, cluster=ROUTER)


def wait(product: Running, workload: str) -> None:
    what = ("-n", "shop", "rollout", "status", f"deployment/{workload}", "--timeout=180s")
    product.kubectl(*what)


def roll(product: Running, workload: str, image: str) -> None:
    product.kubectl("-n", "shop", "set", "image", f"deployment/{workload}", f"{workload}={image}")


def pod_of(product: Running, workload: str) -> str:
    found = product.kubectl("-n", "shop", "get", "pods", "-l", f"app={workload}", "-o", "name")
    return found.split()[-1].removeprefix("pod/")


def damage_webhook(product: Running) -> None:
    """What somebody deletes is put back: the Access layer page tells of it."""
    product.kubectl("delete", "mutatingwebhookconfiguration", "podgate-cls-vpccni01")


def fault(product: Running, half: str, name: str) -> None:
    control = json.loads((product.state / "world.json").read_text())["control"][half]
    body = json.dumps({"fault": name}).encode()
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    direct.open(f"{control}/_sandbox/faults", body, timeout=5).close()


def _apply(product: Running, manifest: dict[str, Any], *, cluster: str = "cls-vpccni01") -> None:
    product.kubectl("apply", "-f", "-", text=json.dumps(manifest), cluster=cluster)
