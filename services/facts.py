"""What the limits need to know: from the index for pages, read live for decisions.

Whatever cannot be read becomes None, which the checks call unknown; nothing is guessed.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.cache import cache

from console import facts as stored
from console import kinds, kube, tencent
from console.models import Account, Binder, Cluster
from services.limits import Facts, PodFacts, SubnetFacts
from services.spec import Access, ServiceSpec
from workloads import pods as manifests
from workloads.models import Pod

SUBNET_SECONDS = 30
# After a failure the next look waits this long, so that a form never waits for a dead cloud twice.
FAILURE_SECONDS = 10
VERSION = re.compile(r"v?(\d+)\.(\d+)")


def from_index(cluster: Cluster, spec: ServiceSpec) -> Facts:
    """For previews: the index, the stored facts, and the subnets of half a minute ago."""
    return _facts(
        cluster,
        pods=tuple(pod_facts(cluster, matching(cluster, spec.namespace, spec.selector))),
        subnets=subnet_facts(subnets(cluster)) if spec.access is Access.PRIVATE else None,
        quotas=stored_quotas(cluster),
        tke_controller=cluster.facts.get("tke_controller") is not None,
    )


def live(cluster: Cluster, spec: ServiceSpec) -> Facts:
    """For the decision at submit: the cluster and the cloud as they are now."""
    private = spec.access is Access.PRIVATE
    return _facts(
        cluster,
        pods=_live_pods(cluster, spec),
        subnets=subnet_facts(_read_subnets(cluster, spec.subnet_id)) if private else None,
        quotas=_read_quotas(cluster.account) if spec.has_load_balancer else None,
        tke_controller=_has_tke_controller(cluster) if spec.claim else False,
    )


def _facts(
    cluster: Cluster,
    *,
    pods: tuple[PodFacts, ...] | None,
    subnets: tuple[SubnetFacts, ...] | None,
    quotas: Mapping[str, int] | None,
    tke_controller: bool,
) -> Facts:
    return Facts(
        kubernetes=version(cluster.kubernetes_version),
        add_on=add_on(cluster),
        console_binds=cluster.binder == Binder.CONSOLE,
        gate_type=cluster.gate_type,
        tke_controller=tke_controller,
        pods=pods,
        subnets=subnets,
        quotas=quotas,
    )


def version(text: str) -> tuple[int, int] | None:
    found = VERSION.match(text)
    return (int(found[1]), int(found[2])) if found else None


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


def pod_facts(cluster: Cluster, rows: Iterable[Pod]) -> Iterable[PodFacts]:
    for row in rows:
        yield PodFacts(
            name=row.name,
            network_mode=row.network_mode,
            host_network=row.host_network,
            gated=any(gate["type"] == cluster.gate_type for gate in row.gates),
            ready=row.ready,
            named_ports=frozenset(
                (port["name"], port["protocol"])
                for container in row.containers
                for port in container.get("ports", ())
                if port.get("name")
            ),
        )


def stored_quotas(cluster: Cluster) -> Mapping[str, int] | None:
    return cluster.facts.get("quotas") or None


def subnets(cluster: Cluster) -> list[dict[str, Any]] | None:
    """All subnets of the cluster's VPC with their free IPs, not older than half a minute."""
    key = f"subnets:{cluster.pk}"
    known: list[dict[str, Any]] | None = cache.get(key)
    if known is None:
        read = _read_subnets(cluster)
        cache.set(key, read or [], SUBNET_SECONDS if read else FAILURE_SECONDS)
        return read
    return known or None


def subnet_facts(found: Iterable[Mapping[str, Any]] | None) -> tuple[SubnetFacts, ...] | None:
    if found is None:
        return None
    return tuple(SubnetFacts(one["id"], one["free"], one["zone"]) for one in found)


def _read_subnets(cluster: Cluster, subnet_id: str = "") -> list[dict[str, Any]] | None:
    """Of the cluster's VPC, one of them or all; None when VPC or answer are missing."""
    vpc_id = (cluster.facts.get("network") or {}).get("vpc_id")
    if not vpc_id:
        return None
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}]
    if subnet_id:
        filters.append({"Name": "subnet-id", "Values": [subnet_id]})
    asked = {"Filters": filters, "Limit": "100"}
    try:
        answer = tencent.call(cluster.account, "vpc", "DescribeSubnets", asked)
    except tencent.CloudError:
        return None
    return [stored.subnet(item) for item in answer.get("SubnetSet") or ()]


def _read_quotas(account: Account) -> Mapping[str, int] | None:
    try:
        answer = tencent.call(account, "clb", "DescribeQuota")
    except tencent.CloudError:
        return None
    return {quota["QuotaId"]: quota["QuotaLimit"] for quota in answer["QuotaSet"]}


def _live_pods(cluster: Cluster, spec: ServiceSpec) -> tuple[PodFacts, ...] | None:
    if not spec.selector:
        return ()
    selector = ",".join(f"{key}={value}" for key, value in spec.selector)
    try:
        return tuple(_read_pods(cluster, spec.namespace, selector))
    except kube.KubeError:
        return None


def _read_pods(cluster: Cluster, namespace: str, selector: str) -> Iterable[PodFacts]:
    where = kube.path("Pod", namespace)
    for page in kube.connect(cluster).pages(where, kinds.PodList, labelSelector=selector):
        for pod in page.items:
            if pod.metadata.deletion_timestamp is None:
                yield _live_pod(cluster, pod)


def _live_pod(cluster: Cluster, pod: kinds.Pod) -> PodFacts:
    row = manifests.row(pod, add_on=add_on(cluster))
    return PodFacts(
        name=row.name,
        network_mode=row.network_mode,
        host_network=row.host_network,
        gated=any(gate["type"] == cluster.gate_type for gate in row.gates),
        ready=row.ready,
        named_ports=frozenset(
            (port.name, port.protocol)
            for container in pod.spec.containers
            for port in container.ports
            if port.name
        ),
    )


def _has_tke_controller(cluster: Cluster) -> bool:
    try:
        return stored.tke_controller(kube.connect(cluster)) is not None
    except kube.KubeError:
        return cluster.facts.get("tke_controller") is not None


def namespaces(cluster: Cluster) -> tuple[list[str], bool]:
    """Names of the namespaces, and whether the API server itself was asked."""
    try:
        answer: dict[str, Any] = kube.connect(cluster).get(kube.path("Namespace"))
    except kube.KubeError:
        rows = Pod.objects.filter(cluster=cluster).values_list("namespace", flat=True).distinct()
        return sorted(set(rows)), False
    names = [item["metadata"]["name"] for item in answer["items"]]
    return sorted(names), True
