"""Manifests of the demo world, as short as their differences."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.kubernetes.kinds import Object
from sandbox.kubernetes.objects import now
from sandbox.world import PODS_PER_NODE, Cluster

GATE = "podgate.dev/clb-ready"
ENI_IP = "tke.cloud.tencent.com/eni-ip"


@dataclass(frozen=True)
class App:
    """What differs between two workloads; `ports` are (name, number[, protocol])."""

    name: str
    image: str
    ports: tuple[tuple[str, int] | tuple[str, int, str], ...]
    replicas: int = 1
    gated: bool = False
    host_network: bool = False
    eni: bool = False
    drain_seconds: int = 10
    probe_path: str = "/healthz"
    labels: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)

    @property
    def pod_labels(self) -> dict[str, str]:
        return {"app": self.name, **self.labels}


def template(app: App) -> Object:
    annotations = {"tke.cloud.tencent.com/networks": "tke-route-eni"} if app.eni else {}
    spec: Object = {
        "containers": [_container(app)],
        "terminationGracePeriodSeconds": app.drain_seconds + 30,
    }
    if app.gated:
        spec["readinessGates"] = [{"conditionType": GATE}]
    if app.host_network:
        spec |= {
            "hostNetwork": True,
            "dnsPolicy": "ClusterFirstWithHostNet",
            "tolerations": [{"operator": "Exists"}],
        }
    return {"metadata": {"labels": app.pod_labels, "annotations": annotations}, "spec": spec}


def _container(app: App) -> Object:
    ports = [
        {"name": name, "containerPort": number, "protocol": protocol[0] if protocol else "TCP"}
        for name, number, *protocol in app.ports
    ]
    requests = {"cpu": "100m", "memory": "128Mi"}
    limits = {"memory": "256Mi"}
    if app.eni:
        # TKE's webhook adds them to every Pod with an address of its own on an ENI.
        requests, limits = requests | {ENI_IP: "1"}, limits | {ENI_IP: "1"}
    container: Object = {
        "name": app.name,
        "image": app.image,
        "ports": ports,
        "resources": {"requests": requests, "limits": limits},
    }
    if app.env:
        container["env"] = [{"name": name, "value": value} for name, value in app.env.items()]
    if ports[0]["protocol"] == "TCP":
        container["readinessProbe"] = {
            "httpGet": {"path": app.probe_path, "port": ports[0]["name"]},
            "periodSeconds": 5,
            "failureThreshold": 2,
        }
    if app.drain_seconds:
        # Long enough for a load balancer to hear of the end before the process does.
        container["lifecycle"] = {
            "preStop": {"exec": {"command": ["sh", "-c", f"sleep {app.drain_seconds}"]}}
        }
    return container


def _metadata(app: App, namespace: str, owner: str) -> Object:
    # Not the labels of its Pods: a form that mixes them up selects nothing.
    return {
        "name": app.name,
        "namespace": namespace,
        "labels": {"k8s-app": app.name, "team": owner},
    }


def deployment(app: App, namespace: str, *, owner: str = "shop", **strategy: Any) -> Object:
    """`strategy`: maxSurge and maxUnavailable, where the defaults would not do."""
    rolling = {"type": "RollingUpdate", "rollingUpdate": strategy} if strategy else {}
    return {
        "metadata": _metadata(app, namespace, owner),
        "spec": {
            "replicas": app.replicas,
            "selector": {"matchLabels": {"app": app.name}},
            "template": template(app),
            **({"strategy": rolling} if rolling else {}),
        },
    }


def statefulset(app: App, namespace: str, *, owner: str = "shop") -> Object:
    return {
        "metadata": _metadata(app, namespace, owner),
        "spec": {
            "replicas": app.replicas,
            "serviceName": app.name,
            "selector": {"matchLabels": {"app": app.name}},
            "template": template(app),
        },
    }


def daemonset(app: App, namespace: str, *, owner: str = "platform") -> Object:
    return {
        "metadata": _metadata(app, namespace, owner),
        "spec": {"selector": {"matchLabels": {"app": app.name}}, "template": template(app)},
    }


def cluster_ip(
    name: str,
    namespace: str,
    ports: dict[int, int | str],
    *,
    selector: dict[str, str] | None = None,
    headless: bool = False,
    protocol: str = "TCP",
) -> Object:
    """`ports`: Service port -> target port."""
    spec: Object = {
        "type": "ClusterIP",
        "ports": [
            {
                "name": f"{protocol.lower()}-{target}-{port}",
                "port": port,
                "targetPort": target,
                "protocol": protocol,
            }
            for port, target in ports.items()
        ],
    }
    if selector is None:
        selector = {"app": name}
    if selector:
        spec["selector"] = selector
    if headless:
        spec["clusterIP"] = "None"
    return {"metadata": {"name": name, "namespace": namespace}, "spec": spec}


def config_map(name: str, namespace: str, data: dict[str, str]) -> Object:
    return {"metadata": {"name": name, "namespace": namespace}, "data": data}


def namespace(name: str) -> Object:
    return {
        "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def node(cluster: Cluster, number: int) -> Object:
    """A CVM of the node subnet; TKE names nodes by their address."""
    subnet = cluster.node_subnet
    ip = str(subnet.cidr.network_address + 10 + number)
    # The id the Tencent half gives the same machine.
    instance = f"ins-{cluster.id.removeprefix('cls-')[:4]}{number:04d}"
    eni = {ENI_IP: str(PODS_PER_NODE)} if cluster.vpc_cni_type else {}
    pods = {"pods": str(PODS_PER_NODE), **eni}
    room = {"cpu": "31850m", "memory": "58982Mi", "ephemeral-storage": "94Gi", **pods}
    size = {"cpu": "32", "memory": "62928Mi", "ephemeral-storage": "100Gi", **pods}
    return {
        "metadata": {
            "name": ip,
            "labels": {
                "kubernetes.io/hostname": ip,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "node.kubernetes.io/instance-type": "S5.8XLARGE64",
                "topology.kubernetes.io/region": "gz",
                "topology.kubernetes.io/zone": subnet.zone,
                "cloud.tencent.com/node-instance-id": instance,
            },
        },
        "spec": {"providerID": f"qcloud:///{subnet.zone}/{instance}"},
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": ip},
                {"type": "Hostname", "address": ip},
            ],
            "capacity": size,
            "allocatable": room,
            "conditions": _node_conditions(),
            "nodeInfo": _node_info(cluster, instance),
        },
    }


def _node_info(cluster: Cluster, instance: str) -> Object:
    return {
        "kubeletVersion": cluster.git_version,
        "kubeProxyVersion": cluster.git_version,
        "containerRuntimeVersion": "containerd://1.6.9",
        "osImage": "TencentOS Server 3.1 (Final)",
        "kernelVersion": "5.4.119-19-0009.11",
        "operatingSystem": "linux",
        "architecture": "amd64",
        "machineID": instance,
        "systemUUID": instance,
        "bootID": instance,
    }


def _node_conditions() -> list[Object]:
    said = (
        (
            "MemoryPressure",
            "False",
            "KubeletHasSufficientMemory",
            "has sufficient memory available",
        ),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "has sufficient PID available"),
        ("Ready", "True", "KubeletReady", "is posting ready status"),
    )
    return [
        {
            "type": type_,
            "status": status,
            "reason": reason,
            "message": f"kubelet {message}",
            "lastHeartbeatTime": now(),
            "lastTransitionTime": now(),
        }
        for type_, status, reason, message in said
    ]
