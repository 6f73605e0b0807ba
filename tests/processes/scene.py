"""A Service, its gated Pods and what stands beside them, in a namespace of a test's own.

What is asserted is read where it is true: the API server, the cloud, and what they wrote down.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench.fleet import PORT, Call, Fleet
from sandbox.kubernetes.demo.bulk import manifests
from tests.wait import until

GATE = "podgate.dev/clb-ready"
NAME = "bulk-000"
PATIENCE = 150.0
# The shortest check TKE lets one ask for: a test waits 10 s and not 15 for what is healthy.
QUICK = {"enable": True, "intervalTime": 5, "timeout": 2, "healthNum": 2, "unHealthNum": 2}


@dataclass
class Scene:
    """Gated Pods of one Deployment and the claimed Service that is to lead to them."""

    one: Fleet
    namespace: str
    started: float = field(default_factory=time.time)
    uid: str = ""
    foreign: dict[str, Any] = field(default_factory=dict)

    def begin(self, *, pods: int) -> None:
        """Gated Pods, somebody else's load balancer that leads to one of them, and the Service."""
        where = f"/apis/apps/v1/namespaces/{self.namespace}/deployments"
        for kind, manifest in manifests(pods, into=self.namespace, gated=True):
            if kind != "Service":
                self.one.ask(
                    "POST", "/api/v1/namespaces" if kind == "Namespace" else where, manifest
                )
        until(lambda: len(self.one.pod_of(self.namespace)) == pods)
        self._put_the_foreign_one()
        self.started = time.time()
        self._put_the_service()

    def _put_the_service(self) -> None:
        listener = {"protocol": "TCP", "port": PORT, "healthCheck": QUICK}
        config = {
            "metadata": {"name": "quick"},
            "spec": {"loadBalancer": {"l4Listeners": [listener]}},
        }
        where = f"/apis/cloud.tencent.com/v1alpha1/namespaces/{self.namespace}/tkeserviceconfigs"
        self.one.ask("POST", where, config)
        service = {
            "metadata": {
                "name": "bar",
                "annotations": {"service.cloud.tencent.com/tke-service-config": "quick"},
            },
            "spec": {
                "type": "LoadBalancer",
                "loadBalancerClass": "podgate.dev/clb",
                "selector": {"app": NAME},
                "ports": [{"name": "http", "port": PORT, "targetPort": PORT}],
            },
        }
        made = self.one.ask("POST", f"/api/v1/namespaces/{self.namespace}/services", service)
        self.uid = made["metadata"]["uid"]

    def _put_the_foreign_one(self) -> None:
        control = self.one.world.control
        made = control("tencent", "POST", "lb", {"name": f"theirs-{self.namespace}"})
        where = f"lb/{made['id']}/listeners"
        listener = control("tencent", "POST", where, {"port": PORT, "name": "theirs"})
        target = {"ip": min(self.one.pod_of(self.namespace)), "port": PORT, "weight": 7}
        control("tencent", "POST", f"{where}/{listener['id']}/targets", [target])
        self.foreign = self._shape(control("tencent", "GET", f"lb/{made['id']}"))

    # What is there now

    def pods(self) -> list[dict[str, Any]]:
        where = f"/api/v1/namespaces/{self.namespace}/pods"
        return list(self.one.ask("GET", where)["items"])

    def service(self) -> dict[str, Any] | None:
        where = f"/api/v1/namespaces/{self.namespace}/services"
        found = self.one.ask("GET", where)["items"]
        return next((s for s in found if s["metadata"]["name"] == "bar"), None)

    def scale(self, replicas: int) -> None:
        where = f"/apis/apps/v1/namespaces/{self.namespace}/deployments/{NAME}"
        self.one.ask("PATCH", where, {"spec": {"replicas": replicas}})

    def delete(self) -> None:
        self.one.ask("DELETE", f"/api/v1/namespaces/{self.namespace}/services/bar")

    def balancers(self) -> list[dict[str, Any]]:
        """Those that carry this Service's uid as a tag."""
        return [lb for lb in self.one.load_balancers() if self.uid in str(lb.get("Tags"))]

    def calls(self, action: str = "") -> list[Call]:
        """The writes this Service has caused, as the cloud wrote them down."""
        mine = {lb["LoadBalancerId"] for lb in self.balancers()}
        return [
            call
            for call in self._all_calls()
            if call["write"]
            and (not action or call["action"] == action)
            and any(word in str(call["params"]) for word in {self.uid, *mine})
        ]

    def _all_calls(self) -> list[Call]:
        return self.one.cloud_calls(self.started)

    # What must have come true

    def is_settled(self, replicas: int) -> bool:
        """The final state of a run without faults, as far as it can be waited for."""
        pods = self.pods()
        alive = {pod["status"].get("podIP") for pod in pods}
        return (
            len(pods) == len(alive) == replicas
            and all(_condition(pod, "Ready") == _condition(pod, GATE) == "True" for pod in pods)
            and [_targets(lb) for lb in self.balancers()]
            == [[("TCP", PORT, ip, PORT, 10, "Alive") for ip in sorted(alive)]]
        )

    def wait_until_settled(self, replicas: int) -> None:
        until(lambda: self.is_settled(replicas), seconds=PATIENCE, every=0.5)
        (balancer,) = self.balancers()
        shown = (self.service() or {})["status"]["loadBalancer"]["ingress"]
        assert [each["ip"] for each in shown] == balancer["LoadBalancerVips"]
        assert len(balancer["Listeners"]) == 1
        self.check_writes()

    def check_writes(self) -> None:
        """Nothing had its effect twice, and nothing of others was touched."""
        done = [call for call in self.calls() if not call["code"]]
        assert sum(call["action"] == "CreateListener" for call in done) == 1
        registered = Counter(
            target["EniIp"]
            for call in done
            if call["action"] == "BatchRegisterTargets"
            for target in call["params"]["Targets"]
        )
        assert registered
        assert set(registered.values()) == {1}
        theirs = self.foreign["id"]
        assert [c for c in self._all_calls() if c["write"] and theirs in str(c["params"])] == []
        now = self.one.world.control("tencent", "GET", f"lb/{theirs}")
        assert self._shape(now) == self.foreign

    def end(self) -> None:
        """The Service goes, and with it all that was made for it; the Pods stay Ready."""
        self.delete()
        self.wait_until_gone()

    def wait_until_gone(self) -> None:
        until(lambda: self.service() is None, seconds=PATIENCE, every=0.5)
        assert self.balancers() == []
        assert {_condition(pod, "Ready") for pod in self.pods()} == {"True"}
        theirs = self.foreign["id"]
        now = self.one.world.control("tencent", "GET", f"lb/{theirs}")
        assert self._shape(now) == self.foreign

    @staticmethod
    def _shape(balancer: dict[str, Any]) -> dict[str, Any]:
        targets = [row[:5] for row in _targets(balancer)]
        return {"id": balancer["LoadBalancerId"], "targets": targets}


def _targets(balancer: dict[str, Any]) -> list[tuple[Any, ...]]:
    """(protocol, port, ip, port, weight, health) of each target, in order."""
    return sorted(
        (listener["Protocol"], listener["Port"], t["ip"], t["port"], t["weight"], t["health"])
        for listener in balancer["Listeners"]
        for t in listener["Targets"]
    )


def _condition(pod: dict[str, Any], kind: str) -> str:
    found = pod["status"].get("conditions") or ()
    return next((c["status"] for c in found if c["type"] == kind), "missing")


def kill(one: Fleet, name: str, *, when: Callable[[], Any]) -> None:
    """kill -9 as soon as the moment has come; the supervisor starts another one."""
    word = {"worker": "celery"}.get(name, name)
    pid = one.product.pid(word)
    until(when, seconds=PATIENCE, every=0.03)
    os.kill(pid, signal.SIGKILL)

    def is_back() -> bool:
        try:
            return one.product.pid(word) != pid
        except StopIteration:
            return False

    until(is_back, seconds=PATIENCE, every=0.2)
