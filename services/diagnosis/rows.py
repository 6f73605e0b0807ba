"""Objects as rows: of the index for pages, or read now and made into such rows, for `explain`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from console import kinds, kube
from console.models import Cluster
from services import facts
from services.models import Binding, Registration
from workloads import pods as pod_rows
from workloads import rollouts
from workloads.index.services import service_row
from workloads.models import Pod, Service, Workload

# Of such Pods nothing is to be told, unless a target of theirs is Dead or their node is emptied.
_WELL = Q(ready=True, terminating=False, gated=True, gates_open=True)
MODELS: dict[str, Any] = {"Pod": Pod, "Service": Service}


def one(cluster: Cluster, kind: str, namespace: str, name: str, *, is_live: bool) -> Any:
    """None when there is none; where the API server is away the index has the last word.

    Then what is found in this cluster carries that it is out of reach, known to the watcher or not.
    """
    if is_live:
        try:
            return _read(kube.connect(cluster), cluster, kind, namespace, name)
        except kube.NotFound:
            return None
        except kube.KubeError as error:
            if not error.status:
                cluster.reachable, cluster.unreachable_because = False, str(error)
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


@dataclass(frozen=True)
class Members:
    """Pods of a workload, of older revisions, too.

    `pods`: those that may have something to tell, those that are not Ready first. `places`: the
    revision and the node of every Pod.
    """

    pods: Sequence[Pod]
    places: Collection[tuple[str, str]]


def of_workload(cluster: Cluster, row: Workload, *, is_live: bool, most: int) -> Members:
    if is_live:
        found = _listed(cluster, row.namespace, row.selector.get("matchLabels") or {})
        if found is not None:
            owner = (row.kind, row.name)
            mine = [pod for pod in found if (pod.workload_kind, pod.workload_name) == owner]
            places = {(pod.revision, pod.node) for pod in mine}
            return Members(sorted(mine, key=lambda pod: (pod.ready, pod.name))[:most], places)
    pods = _all_of(cluster, row)
    some = pods.filter(~_WELL | Q(uid__in=_dead(cluster, row.namespace)))
    places = set(pods.values_list("revision", "node").distinct())
    return Members(list(some.order_by("ready", "name")[:most]), places)


def on_nodes(
    cluster: Cluster, row: Workload, nodes: Collection[str], *, but: Collection[str], most: int
) -> list[Pod]:
    """So many of a workload's Pods there, without these uids."""
    pods = _all_of(cluster, row).filter(node__in=nodes).exclude(uid__in=but)
    return list(pods.order_by("name")[:most])


def _all_of(cluster: Cluster, row: Workload) -> QuerySet[Pod]:
    return Pod.objects.filter(
        cluster=cluster,
        namespace=row.namespace,
        workload_kind=row.kind,
        workload_name=row.name,
    )


def _dead(cluster: Cluster, namespace: str) -> list[str]:
    """Uids of the Pods of whose targets one is Dead."""
    bindings = Binding.objects.filter(cluster=cluster, namespace=namespace)
    dead = Registration.objects.filter(binding__in=bindings, health="Dead")
    return list(dead.values_list("pod_uid", flat=True))


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
