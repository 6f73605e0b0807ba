"""A plain Deployment behind a claimed Service in a running product, for benchmarks with traffic."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.fleet import Fleet, until
from bench.traffic import Traffic, flowing

GATE = "podgate.dev/clb-ready"
PORT = 8080
NAMESPACE = "lossless"


@dataclass
class Shop:
    """Pods in whose template there is no gate: the webhook is to add it."""

    one: Fleet
    name: str
    replicas: int
    pre_stop: int
    grace: int = 60
    has_webhook: bool = True

    # What is put into the cluster

    def open(self) -> None:
        """The Service first, so that the Pods after it are gated."""
        self._make("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        self._service()
        self._make(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments", self._deployment())
        until(self.is_rolled)

    def _make(self, where: str, body: dict[str, Any]) -> None:
        listed = self.one.ask("GET", where)["items"]
        if body["metadata"]["name"] not in {item["metadata"]["name"] for item in listed}:
            self.one.ask("POST", where, body)

    def _service(self) -> None:
        body = {
            "metadata": {"name": self.name},
            "spec": {
                "type": "LoadBalancer",
                "loadBalancerClass": "podgate.dev/clb",
                "selector": {"app": self.name},
                "ports": [{"name": "http", "port": PORT, "targetPort": PORT}],
            },
        }
        self._make(f"/api/v1/namespaces/{NAMESPACE}/services", body)
        until(self.vip)
        if not self.has_webhook:
            return
        where = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
        until(lambda: NAMESPACE in str(self.one.ask("GET", where)["items"]))

    def _deployment(self) -> dict[str, Any]:
        container: dict[str, Any] = {
            "name": "web",
            "image": "shop/web:1",
            "ports": [{"containerPort": PORT}],
            "resources": {
                part: {"tke.cloud.tencent.com/eni-ip": "1"} for part in ("limits", "requests")
            },
        }
        if self.pre_stop:
            container["lifecycle"] = {"preStop": {"sleep": {"seconds": self.pre_stop}}}
        return {
            "metadata": {"name": self.name},
            "spec": {
                "replicas": self.replicas,
                "selector": {"matchLabels": {"app": self.name}},
                "strategy": {"rollingUpdate": {"maxSurge": self.replicas, "maxUnavailable": 0}},
                "template": {
                    "metadata": {
                        "labels": {"app": self.name},
                        "annotations": {"tke.cloud.tencent.com/networks": "tke-route-eni"},
                    },
                    "spec": {
                        "containers": [container],
                        "terminationGracePeriodSeconds": self.grace,
                    },
                },
            },
        }

    # What is done to it

    @property
    def _where(self) -> str:
        return f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{self.name}"

    def roll(self) -> float:
        """A rollout restart, to its end; seconds."""
        started = time.monotonic()
        stamp = {"kubectl.kubernetes.io/restartedAt": str(time.time())}
        self.one.ask(
            "PATCH", self._where, {"spec": {"template": {"metadata": {"annotations": stamp}}}}
        )
        until(self.is_rolled)
        return time.monotonic() - started

    def scale(self, replicas: int) -> None:
        self.replicas = replicas
        self.one.ask("PATCH", self._where, {"spec": {"replicas": replicas}})
        until(self.is_rolled)

    def delete_a_pod(self) -> None:
        name = self.pods()[0]["metadata"]["name"]
        self.one.ask("DELETE", f"/api/v1/namespaces/{NAMESPACE}/pods/{name}")
        until(lambda: name not in {pod["metadata"]["name"] for pod in self.pods()})
        until(self.is_rolled)

    # What is there

    def vip(self) -> str:
        where = f"/api/v1/namespaces/{NAMESPACE}/services/{self.name}"
        status = self.one.ask("GET", where).get("status") or {}
        ingress = (status.get("loadBalancer") or {}).get("ingress") or [{}]
        return str(ingress[0].get("ip") or "")

    def pods(self) -> list[dict[str, Any]]:
        """Those that stay."""
        where = f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=app%3D{self.name}"
        found = self.one.ask("GET", where)["items"]
        return [pod for pod in found if not pod["metadata"].get("deletionTimestamp")]

    def gated(self) -> int:
        return sum(GATE in str(pod["spec"].get("readinessGates")) for pod in self.pods())

    def is_rolled(self) -> bool:
        found = self.one.ask("GET", self._where)
        status = found.get("status") or {}
        counts = {status.get(f"{word}Replicas", 0) for word in ("updated", "ready", "available")}
        return bool(
            status.get("observedGeneration") == found["metadata"]["generation"]
            and counts == {self.replicas} == {status.get("replicas", 0)}
        )

    def is_served(self) -> bool:
        """Every Pod is an Alive target with weight, and nothing else is."""
        alive = {pod["status"].get("podIP") for pod in self.pods()}
        vip = self.vip()
        targets = [
            target
            for balancer in self.one.load_balancers()
            if vip in balancer["LoadBalancerVips"]
            for listener in balancer["Listeners"]
            for target in listener["Targets"]
            if target["weight"] > 0
        ]
        return {t["ip"] for t in targets} == alive and {t["health"] for t in targets} == {"Alive"}

    def under(self, rate: float, act: Callable[[], object]) -> Traffic:
        """What was lost of this traffic while something was done."""
        with flowing(self.vip(), PORT, rate=rate) as traffic:
            until(lambda: traffic.ok >= rate)
            act()
            # What drains still has its time.
            until(self.is_served)
            time.sleep(2)
        return traffic
