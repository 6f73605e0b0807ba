"""The cluster's side of the facts, as the index has it and as the API server says it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from math import ceil
from typing import Any

from console import facts as stored
from console import kinds, kube
from console.models import Cluster
from services.limits.facts import PodFacts, PortFacts, ServiceFacts, WorkloadFacts
from services.spec import CLAIM, CLASS, DIRECT, ServiceSpec
from workloads import pods as manifests
from workloads import stopping
from workloads.models import Pod, Service, Workload

type Labels = tuple[tuple[str, str], ...]
KINDS = ("Deployment", "StatefulSet", "DaemonSet")
# Kubernetes' default for Deployments.
DEFAULT_SURGE = "25%"


def add_on(cluster: Cluster) -> str:
    return str((cluster.facts.get("network") or {}).get("add_on") or "UNKNOWN")


def matching(cluster: Cluster, namespace: str, selector: Iterable[tuple[str, str]]) -> list[Pod]:
    """The Pods of the index that a selector matches; none for an empty selector."""
    wanted = dict(selector)
    if not wanted or not namespace:
        return []
    rows = Pod.objects.filter(cluster=cluster, namespace=namespace, terminating=False)
    for key, value in wanted.items():
        # A key transform narrows in SQL; keys with "__" would be read as lookups.
        if "__" not in key:
            rows = rows.filter(**{f"labels__{key}": value})
    return [pod for pod in rows.order_by("name") if wanted.items() <= pod.labels.items()]


def pod_facts(cluster: Cluster, rows: Iterable[Any]) -> Iterator[PodFacts]:
    """Of rows of the index, or of manifests made into such rows."""
    is_mixed = add_on(cluster) == "MIXED"
    for row in rows:
        pre_stop, grace = stopping.of_rows(row.containers)
        known = [one for one in row.containers if "probe" in one]
        asks = any(one["eni"] for one in known) if known else None
        yield PodFacts(
            name=row.name,
            network_mode=row.network_mode,
            host_network=row.host_network,
            gated=any(gate["type"] == cluster.gate_type for gate in row.gates),
            ready=row.ready,
            runs=row.containers_ready,
            ports=tuple(
                PortFacts(port.get("name") or "", port["protocol"], port["port"])
                for container in row.containers
                for port in container.get("ports", ())
            ),
            workload=(row.workload_kind, row.workload_name),
            ip=row.ip or "",
            node=row.node,
            labels=frozenset(row.labels.items()),
            probes=tuple(one["probe"] for one in known if one["probe"] is not None)
            if known
            else None,
            pre_stop=pre_stop,
            grace=grace,
            # Where the network is the Pod's choice, nothing else is left to have chosen it.
            eni_annotation=(is_mixed and row.network_mode == "eni" and asks is False) or None,
            eni_resource=asks,
        )


def workloads(cluster: Cluster, namespace: str, selector: Labels) -> tuple[WorkloadFacts, ...]:
    """Of the index: those whose Pods the selector matches, now or when they start."""
    wanted = dict(selector)
    if not wanted:
        return ()
    rows = Workload.objects.filter(cluster=cluster, namespace=namespace)
    return tuple(
        WorkloadFacts(row.kind, row.name, row.replicas, surge(row.kind, row.replicas, row.strategy))
        for row in rows
        if wanted.items() <= row.template_labels.items()
    )


def surge(kind: str, replicas: int, strategy: Mapping[str, Any]) -> int:
    """How many Pods a rollout starts beyond the replicas, as Kubernetes rounds it: up."""
    if kind == "StatefulSet" or strategy.get("type") in {"Recreate", "OnDelete"}:
        return 0
    default = DEFAULT_SURGE if kind == "Deployment" else 0
    said = (strategy.get("rollingUpdate") or {}).get("maxSurge", default)
    text = str(said)
    if text.endswith("%"):
        return ceil(replicas * int(text.removesuffix("%") or 0) / 100)
    return int(text) if text.isdigit() else 0


def services(cluster: Cluster, namespace: str) -> tuple[ServiceFacts, ...]:
    """Of the index: the Services of a namespace behind which somebody binds Pods."""
    rows = Service.objects.filter(cluster=cluster, namespace=namespace, terminating=False)
    found = (
        _service(
            row.name,
            row.selector,
            row.annotations,
            kind=row.type,
            load_balancer_class=row.load_balancer_class,
        )
        for row in rows
    )
    return tuple(one for one in found if one)


def _service(
    name: str,
    selector: Mapping[str, str],
    annotations: Mapping[str, str],
    *,
    kind: str,
    load_balancer_class: str,
) -> ServiceFacts | None:
    labels = tuple(sorted(selector.items()))
    is_ours = load_balancer_class == CLASS or (
        kind == "ClusterIP" and annotations.get(CLAIM) == "clb"
    )
    if is_ours:
        return ServiceFacts(name, labels)
    is_tkes = kind == "LoadBalancer" and not load_balancer_class
    if is_tkes and annotations.get(DIRECT) == "true":
        return ServiceFacts(name, labels, by_tke=True)
    return None


def controller(cluster: Cluster) -> Mapping[str, str] | None:
    """TKE's settings as the stored facts have them."""
    found: Mapping[str, str] | None = cluster.facts.get("tke_controller")
    return found


# Live, for decisions.


def live_controller(cluster: Cluster) -> Mapping[str, str] | None:
    return stored.tke_controller(kube.connect(cluster))


def live_version(cluster: Cluster) -> str:
    answer: dict[str, Any] = kube.connect(cluster).get("/version")
    return str(answer.get("gitVersion") or "")


def live_pods(cluster: Cluster, spec: ServiceSpec) -> tuple[PodFacts, ...]:
    if not spec.selector:
        return ()
    selector = ",".join(f"{key}={value}" for key, value in spec.selector)
    where = kube.path("Pod", spec.namespace)
    kind = add_on(cluster)
    return tuple(
        _with_annotation(one, pod)
        for page in kube.connect(cluster).pages(where, kinds.PodList, labelSelector=selector)
        for pod in page.items
        if pod.metadata.deletion_timestamp is None
        for one in pod_facts(cluster, [manifests.row(pod, add_on=kind)])
    )


def _with_annotation(facts: PodFacts, pod: kinds.Pod) -> PodFacts:
    asked = "-eni" in pod.metadata.annotations.get(manifests.NETWORKS, "")
    return replace(facts, eni_annotation=asked)


def live_workloads(cluster: Cluster, spec: ServiceSpec) -> tuple[WorkloadFacts, ...]:
    wanted, found = dict(spec.selector), list[WorkloadFacts]()
    if not wanted:
        return ()
    for kind in KINDS:
        where = kube.path(kind, spec.namespace)
        for page in kube.connect(cluster).pages(where, kinds.WorkloadList):
            for one in page.items:
                labels = one.spec.template.metadata.labels
                if wanted.items() <= labels.items():
                    found.append(_workload(kind, one))
    return tuple(found)


def _workload(kind: str, one: kinds.Workload) -> WorkloadFacts:
    spec = one.spec
    replicas = one.status.desired_number_scheduled if kind == "DaemonSet" else spec.replicas
    count = 1 if replicas is None else replicas
    strategy = spec.strategy or spec.update_strategy or {}
    return WorkloadFacts(kind, one.metadata.name, count, surge(kind, count, strategy))


def live_services(cluster: Cluster, namespace: str) -> tuple[ServiceFacts, ...]:
    answer: dict[str, Any] = kube.connect(cluster).get(kube.path("Service", namespace))
    found = (
        _service(
            one["metadata"]["name"],
            one["spec"].get("selector") or {},
            one["metadata"].get("annotations") or {},
            kind=one["spec"].get("type", "ClusterIP"),
            load_balancer_class=one["spec"].get("loadBalancerClass") or "",
        )
        for one in answer["items"]
    )
    return tuple(one for one in found if one)


def live_namespaces(cluster: Cluster) -> list[str]:
    answer: dict[str, Any] = kube.connect(cluster).get(kube.path("Namespace"))
    return sorted(item["metadata"]["name"] for item in answer["items"])


def node_ips(cluster: Cluster) -> dict[str, str]:
    """InternalIP of the first nodes, by name."""
    answer = kube.connect(cluster).get(kube.path("Node"), kinds.NodeList, limit=20)
    return {
        node.metadata.name: address["address"]
        for node in answer.items
        for address in node.status.addresses
        if address.get("type") == "InternalIP"
    }
