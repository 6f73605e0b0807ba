"""The controller's loop: a pass over all Services, again and again; each pass takes one step each.

Level-triggered and forgetful: whatever a pass could not do, the next one does.
"""

import sys
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.error import URLError

from sandbox.service_controller.doors import STRATEGIC, Cloud, Cluster, Refused

type Object = dict[str, Any]

FINALIZER = "service.k8s.tencent/resources"
LOAD_BALANCER = "service.kubernetes.io/loadbalance-id"
SUBNET = "service.kubernetes.io/qcloud-loadbalancer-internal-subnetid"
DIRECT = "service.cloud.tencent.com/direct-access"
SYNC_BEGIN, SYNC_END = (f"service.cloud.tencent.com/sync-{word}-time" for word in ("begin", "end"))
GATE = "cloud.tencent.com/load-balancer-backendgroup-ready"
REASON = "LoadBalancerNetworkGroupReady"
LISTENER_NAME = "TKE-DEDICATED-LISTENER"
BEIJING = timezone(timedelta(hours=8))
EVERY = 1.0


class Controller:
    def __init__(self, cluster_id: str, cluster: Cluster, cloud: Cloud) -> None:
        self.cluster_id, self.cluster, self.cloud = cluster_id, cluster, cloud
        self._vpc = ""

    def run(self, stop: threading.Event, *, every: float = EVERY) -> None:
        while not stop.wait(every):
            try:
                self.look()
            except (Refused, URLError, OSError) as error:
                print(f"service-controller: {error}", file=sys.stderr, flush=True)

    def look(self) -> None:
        """One pass; a Service that cannot be brought on does not stop the others."""
        for service in self.cluster.get("/api/v1/services")["items"]:
            try:
                self._bring(service)
            except Refused as error:
                # Busy, not yet, or gone meanwhile.
                print(f"service-controller: {_name(service)}: {error}", file=sys.stderr, flush=True)

    def _bring(self, service: Object) -> None:
        spec, metadata = service["spec"], service["metadata"]
        is_mine = spec["type"] == "LoadBalancer" and not spec.get("loadBalancerClass")
        lb_id = _said(service).get(LOAD_BALANCER, "")
        if metadata.get("deletionTimestamp") or not is_mine:
            if FINALIZER in metadata.get("finalizers", ()):
                self._clean(service, lb_id)
            return
        if FINALIZER not in metadata.get("finalizers", ()):
            finalizers = [*metadata.get("finalizers", ()), FINALIZER]
            begun = {SYNC_BEGIN: _now()}
            self._patch(service, {"metadata": {"finalizers": finalizers, "annotations": begun}})
        elif not lb_id:
            made = self._create(service)
            self._patch(service, {"metadata": {"annotations": {LOAD_BALANCER: made}}})
        else:
            self._bind(service, lb_id)

    def _create(self, service: Object) -> str:
        subnet = _said(service).get(SUBNET)
        uid = service["metadata"]["uid"]
        answer = self.cloud.call(
            "CreateLoadBalancer",
            LoadBalancerType="INTERNAL" if subnet else "OPEN",
            VpcId=self.vpc,
            LoadBalancerName=f"{self.cluster_id}_{_name(service).replace('/', '_')}",
            ClientToken=uid,
            **({"SubnetId": subnet} if subnet else {}),
            Tags=[
                {"TagKey": "tke-createdBy-flag", "TagValue": "yes"},
                {"TagKey": "tke-clusterId", "TagValue": self.cluster_id},
                {"TagKey": "tke-lb-serviceuuid", "TagValue": uid},
            ],
        )
        return str(answer["LoadBalancerIds"][0])

    @property
    def vpc(self) -> str:
        if not self._vpc:
            asked = {"ClusterIds": [self.cluster_id]}
            (found,) = self.cloud.call("DescribeClusters", service="tke", **asked)["Clusters"]
            self._vpc = found["ClusterNetworkSettings"]["VpcId"]
        return self._vpc

    def _bind(self, service: Object, lb_id: str) -> None:
        found = self.cloud.call("DescribeLoadBalancers", LoadBalancerIds=[lb_id])
        balancer = found["LoadBalancerSet"][0]
        if balancer["Status"] != 1:
            return
        listeners = self._listeners(service, lb_id)
        if listeners is None:
            return
        pods = self._pods(service)
        self._targets(service, lb_id, listeners, pods)
        self._gates(service, lb_id, pods)
        self._show(service, balancer)

    def _listeners(self, service: Object, lb_id: str) -> dict[tuple[str, int], str] | None:
        """Listener ids by protocol and port; None after one was made, which takes a moment."""
        rows = self.cloud.call("DescribeListeners", LoadBalancerId=lb_id).get("Listeners") or ()
        has = {(row["Protocol"], row["Port"]): row["ListenerId"] for row in rows}
        wanted = {(port["protocol"], port["port"]) for port in service["spec"]["ports"]}
        if gone := [has[key] for key in has.keys() - wanted]:
            self.cloud.call("DeleteLoadBalancerListeners", LoadBalancerId=lb_id, ListenerIds=gone)
            return None
        for protocol, number in sorted(wanted - has.keys()):
            self.cloud.call(
                "CreateListener",
                LoadBalancerId=lb_id,
                Protocol=protocol,
                Ports=[number],
                ListenerNames=[LISTENER_NAME],
                HealthCheck={"HealthSwitch": 1, "IntervalTime": 5, "HealthNum": 3},
            )
            return None
        return has

    def _pods(self, service: Object) -> list[Object]:
        selector = service["spec"].get("selector") or {}
        if not selector:
            return []
        asked = ",".join(f"{key}%3D{value}" for key, value in selector.items())
        where = f"/api/v1/namespaces/{service['metadata']['namespace']}/pods?labelSelector={asked}"
        return [pod for pod in self.cluster.get(where)["items"] if pod["status"].get("podIP")]

    def _targets(
        self,
        service: Object,
        lb_id: str,
        listeners: Mapping[tuple[str, int], str],
        pods: list[Object],
    ) -> None:
        """Pods whose containers are ready come, the others and those that terminate go."""
        if _said(service).get(DIRECT) != "true":
            # Nodes by their node ports: the emulated cloud knows no instances.
            return
        rows = self.cloud.call("DescribeTargets", LoadBalancerId=lb_id).get("Listeners") or ()
        has = {
            (row["ListenerId"], target["PrivateIpAddresses"][0], target["Port"])
            for row in rows
            for target in row.get("Targets") or ()
        }
        wanted = {
            (listeners[port["protocol"], port["port"]], pod["status"]["podIP"], number)
            for port in service["spec"]["ports"]
            for pod in pods
            if _serves(pod) and (number := _target_port(port, pod))
        }
        for action, some in (
            ("BatchRegisterTargets", wanted - has),
            ("BatchDeregisterTargets", has - wanted),
        ):
            if some:
                targets = [
                    {"ListenerId": listener, "EniIp": ip, "Port": port}
                    for listener, ip, port in sorted(some)
                ]
                self.cloud.call(action, LoadBalancerId=lb_id, Targets=targets)

    def _gates(self, service: Object, lb_id: str, pods: list[Object]) -> None:
        """True once the CLB says Alive on every listener; it never goes back."""
        waiting = [pod for pod in pods if _is_gated(pod) and not _is_open(pod)]
        if not waiting:
            return
        answer = self.cloud.call("DescribeTargetHealth", LoadBalancerIds=[lb_id])
        words: dict[str, set[str]] = {}
        for balancer in answer["LoadBalancers"]:
            for listener in balancer.get("Listeners") or ():
                for rule in listener.get("Rules") or ():
                    for row in rule.get("Targets") or ():
                        words.setdefault(row["IP"], set()).add(row["HealthStatusDetail"])
        for pod in waiting:
            if words.get(pod["status"]["podIP"]) == {"Alive"}:
                self._open(pod)

    def _open(self, pod: Object) -> None:
        metadata = pod["metadata"]
        condition = {
            "type": GATE,
            "status": "True",
            "reason": REASON,
            "message": f'Marking condition "{GATE}" to True.',
            "lastTransitionTime": datetime.now(BEIJING).isoformat(timespec="seconds"),
        }
        body = {"metadata": {"uid": metadata["uid"]}, "status": {"conditions": [condition]}}
        where = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/status"
        self.cluster.patch(where, body, STRATEGIC)

    def _show(self, service: Object, balancer: Object) -> None:
        ingress = [{"ip": vip} for vip in balancer.get("LoadBalancerVips") or ()]
        if (service["status"].get("loadBalancer") or {}).get("ingress") == ingress:
            return
        self._patch(service, {"status": {"loadBalancer": {"ingress": ingress}}}, "/status")
        self._patch(service, {"metadata": {"annotations": {SYNC_END: _now()}}})

    def _clean(self, service: Object, lb_id: str) -> None:
        if lb_id:
            try:
                self.cloud.call("DeleteLoadBalancer", LoadBalancerIds=[lb_id])
            except Refused as error:
                if "NotFound" not in error.code:
                    raise
        rest = [name for name in service["metadata"]["finalizers"] if name != FINALIZER]
        self._patch(
            service, {"metadata": {"finalizers": rest, "annotations": {LOAD_BALANCER: None}}}
        )

    def _patch(self, service: Object, body: Object, subresource: str = "") -> None:
        metadata = service["metadata"]
        body.setdefault("metadata", {})["uid"] = metadata["uid"]
        where = f"/api/v1/namespaces/{metadata['namespace']}/services/{metadata['name']}"
        self.cluster.patch(where + subresource, body)


def _name(service: Object) -> str:
    return f"{service['metadata']['namespace']}/{service['metadata']['name']}"


def _said(service: Object) -> Mapping[str, str]:
    return service["metadata"].get("annotations") or {}


def _now() -> str:
    return datetime.now(BEIJING).isoformat(timespec="seconds")


def _is_true(pod: Object, kind: str) -> bool:
    conditions = pod["status"].get("conditions") or ()
    return any(each["type"] == kind and each["status"] == "True" for each in conditions)


def _serves(pod: Object) -> bool:
    return _is_true(pod, "ContainersReady") and not pod["metadata"].get("deletionTimestamp")


def _is_gated(pod: Object) -> bool:
    gates = pod["spec"].get("readinessGates") or ()
    return any(gate["conditionType"] == GATE for gate in gates)


def _is_open(pod: Object) -> bool:
    return _is_true(pod, GATE)


def _target_port(port: Object, pod: Object) -> int | None:
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target
    for container in pod["spec"]["containers"]:
        for offered in container.get("ports") or ():
            if offered.get("name") == target:
                return int(offered["containerPort"])
    return None
