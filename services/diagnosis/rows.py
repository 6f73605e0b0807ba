"""Objects as rows: of the index for pages, or read now and made into such rows, for `explain`."""

from collections.abc import Mapping
from typing import Any

from console import kinds, kube
from console.models import Cluster
from services import facts
from workloads import pods as pod_rows
from workloads import rollouts
from workloads.index.services import service_row
from workloads.models import Pod, Service, Workload

MODELS: dict[str, Any] = {"Pod": Pod, "Service": Service}


def one(cluster: Cluster, kind: str, namespace: str, name: str, *, is_live: bool) -> Any:
    """None when there is none; where the API server is away the index has the last word."""
    if is_live:
        try:
            return _read(kube.connect(cluster), cluster, kind, namespace, name)
        except kube.NotFound:
            return None
        except kube.KubeError:
            pass
    model = MODELS.get(kind, Workload)
    found = model.objects.filter(cluster=cluster, namespace=namespace, name=name)
    if model is Workload:
        found = found.filter(kind=kind)
    return found.order_by("-created_at").first()


def _read(door: kube.Kube, cluster: Cluster, kind: str, namespace: str, name: str) -> Any:
    where = kube.path(kind, namespace, name)
    if kind == "Service":
        return _made(Service, cluster, service_row(door.get(where, kinds.Service)))
    if kind == "Pod":
        return _pod(cluster, door.get(where, kinds.Pod))
    found = door.get(where, kinds.Workload)
    row = rollouts.row(kind, found, add_on=facts.add_on(cluster))
    return _made(Workload, cluster, row)


def of_workload(cluster: Cluster, row: Workload, *, is_live: bool, most: int) -> list[Pod]:
    """So many of its Pods, older revisions' too; those that are not Ready come first."""
    if is_live:
        found = _listed(cluster, row.namespace, row.selector.get("matchLabels") or {})
        if found is not None:
            owner = (row.kind, row.name)
            mine = [pod for pod in found if (pod.workload_kind, pod.workload_name) == owner]
            return sorted(mine, key=lambda pod: (pod.ready, pod.name))[:most]
    pods = Pod.objects.filter(
        cluster=cluster,
        namespace=row.namespace,
        workload_kind=row.kind,
        workload_name=row.name,
    )
    return list(pods.order_by("ready", "name")[:most])


def selected(
    cluster: Cluster, namespace: str, selector: Mapping[str, str], *, is_live: bool
) -> list[Pod]:
    """What a Service's selector matches; nothing for an empty one."""
    if is_live and selector:
        found = _listed(cluster, namespace, selector)
        if found is not None:
            return [pod for pod in found if not pod.terminating]
    return facts.matching(cluster, namespace, selector.items())


def _listed(cluster: Cluster, namespace: str, labels: Mapping[str, str]) -> list[Pod] | None:
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    where = kube.path("Pod", namespace)
    try:
        pages = kube.connect(cluster).pages(where, kinds.PodList, labelSelector=selector)
        return [_pod(cluster, pod) for page in pages for pod in page.items]
    except kube.KubeError:
        return None


def _pod(cluster: Cluster, pod: kinds.Pod) -> Pod:
    found: Pod = _made(Pod, cluster, pod_rows.row(pod, add_on=facts.add_on(cluster)))
    return found


def _made(model: Any, cluster: Cluster, row: Any) -> Any:
    return model(cluster=cluster, **{name: getattr(row, name) for name in row.__struct_fields__})
