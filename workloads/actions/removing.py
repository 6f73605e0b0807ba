"""Deleting Pods: what a deletion sets off, and the deletion itself, asked of budgets first."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console import activity, doors, kube, live
from console.models import Cluster
from workloads import health, stopping
from workloads.actions.perform import Subject
from workloads.behind import behind
from workloads.models import Pod, Workload

# policy/v1 Eviction came with 1.22; older servers know v1beta1.
SINCE_MINOR = 22


@dataclass(frozen=True)
class Leaving:
    """One Pod on its way out, as the page explains it; `pod` None: it is gone already."""

    subject: Subject
    pod: Pod | None
    says: tuple[tuple[str, str], ...] = ()

    @property
    def is_possible(self) -> bool:
        return self.pod is not None


def explained(cluster: Cluster, subjects: Iterable[Subject]) -> list[Leaving]:
    """What would happen to each, from the index and the ledger."""
    asked = list(subjects)
    pods = {subject: _pod(cluster, subject) for subject in asked}
    uids = [pod.uid for pod in pods.values() if pod]
    seen = health.of(cluster, uids)
    going: dict[str, int] = {}
    for pod in pods.values():
        if pod and pod.workload_name:
            key = f"{pod.workload_kind}/{pod.namespace}/{pod.workload_name}"
            going[key] = going.get(key, 0) + 1
    found = []
    for subject, pod in pods.items():
        says = tuple(_says(cluster, pod, seen.get(pod.uid), going)) if pod else ()
        found.append(Leaving(subject, pod, says))
    return found


def _pod(cluster: Cluster, subject: Subject) -> Pod | None:
    rows = Pod.objects.filter(cluster=cluster, namespace=subject.namespace, name=subject.name)
    return rows.order_by("-created_at").first()


def _says(
    cluster: Cluster, pod: Pod, target: health.Health | None, going: dict[str, int]
) -> Iterable[tuple[str, str]]:
    if pod.terminating:
        yield "", _("It is terminating already.")
        return
    yield from _drained(pod, target)
    if not pod.workload_name:
        yield "error", _("No workload owns it: nobody starts another one in its place.")
        return
    key = f"{pod.workload_kind}/{pod.namespace}/{pod.workload_name}"
    text = _("%(kind)s %(name)s starts another one in its place.")
    yield "", text % {"kind": pod.workload_kind, "name": pod.workload_name}
    if target is not None:
        yield from _left(cluster, pod, going[key])


def _drained(pod: Pod, target: health.Health | None) -> Iterable[tuple[str, str]]:
    pre_stop, grace = stopping.of_rows(pod.containers)
    numbers = {"pre_stop": f"{pre_stop or 0:g}", "grace": 30 if grace is None else grace}
    if target is None:
        yield "", _("No CLB sends it traffic.")
    else:
        text = ngettext(
            "Its target at the CLB gets weight 0 at once: no new connections, open ones go on.",
            "Its %(n)s targets at the CLB get weight 0 at once: no new connections, open ones go"
            " on.",
            target.targets,
        )
        yield "", text % {"n": target.targets}
        if not pre_stop:
            yield "warning", _("It has no preStop hook: SIGTERM comes before the CLB has heard.")
    text = _("preStop takes %(pre_stop)s s, SIGTERM follows; after %(grace)s s it is killed.")
    yield "", text % numbers


def _left(cluster: Cluster, pod: Pod, going: int) -> Iterable[tuple[str, str]]:
    rows = Workload.objects.filter(
        cluster=cluster, kind=pod.workload_kind, namespace=pod.namespace, name=pod.workload_name
    )
    row = rows.order_by("-created_at").first()
    for one in behind(cluster, row) if row else ():
        left = one.healthy - going
        floor = one.floor_of(row.replicas) if row else None
        numbers = {"service": one.name, "n": max(0, left), "floor": floor}
        if left <= 0:
            yield "error", _("%(service)s would have no healthy target left.") % numbers
        elif floor is not None and left < floor:
            text = _("%(service)s would have %(n)s healthy targets; its floor is %(floor)s.")
            yield "error", text % numbers
        else:
            text = ngettext(
                "%(service)s keeps %(n)s healthy target meanwhile.",
                "%(service)s keeps %(n)s healthy targets meanwhile.",
                left,
            )
            yield "", text % numbers


def remove(
    user: User | AnonymousUser, cluster: Cluster, subject: Subject, uid: str, *, evict: bool
) -> None:
    """Delete exactly this Pod; with `evict` PodDisruptionBudgets are asked. KubeError."""
    before: dict[str, Any] | None = None
    message = ""
    door = kube.connect(cluster)
    with doors.recording() as calls:
        try:
            before = _summary(door, subject)
            options = {"preconditions": {"uid": uid}}
            if evict:
                _evict(door, cluster, subject, options)
            else:
                door.delete(kube.path("Pod", subject.namespace, subject.name), options)
        except kube.KubeError as error:
            message = error.message or error.reason
            raise
        finally:
            activity.record(
                user,
                "evict" if evict else "delete",
                cluster=cluster.cluster_id,
                kind="Pod",
                namespace=subject.namespace,
                name=subject.name,
                before=before,
                ok=not message,
                message=message,
                calls=calls,
            )
    live.announce(f"{cluster.cluster_id}/pods/{subject.namespace}/{subject.name}")


def _summary(door: kube.Kube, subject: Subject) -> dict[str, Any]:
    """What the audit trail keeps of it: who it was, not its whole manifest."""
    found = door.get(kube.path("Pod", subject.namespace, subject.name))
    metadata, spec, status = found["metadata"], found["spec"], found.get("status") or {}
    return {
        "metadata": {name: metadata[name] for name in ("name", "namespace", "uid")},
        "spec": {
            "nodeName": spec.get("nodeName", ""),
            "containers": [
                {"name": one["name"], "image": one.get("image", "")} for one in spec["containers"]
            ],
        },
        "status": {"phase": status.get("phase", ""), "podIP": status.get("podIP", "")},
    }


def _evict(door: kube.Kube, cluster: Cluster, subject: Subject, options: dict[str, Any]) -> None:
    body = {
        "apiVersion": _policy(cluster),
        "kind": "Eviction",
        "metadata": {"name": subject.name, "namespace": subject.namespace},
        "deleteOptions": options,
    }
    door.create(kube.path("Pod", subject.namespace, subject.name, "eviction"), body)


def _policy(cluster: Cluster) -> str:
    """The eviction API that this server knows, by its version as the watcher read it."""
    minor = cluster.kubernetes_version.lstrip("v").split(".")[1:2]
    is_old = bool(minor) and minor[0].isdecimal() and int(minor[0]) < SINCE_MINOR
    return "policy/v1beta1" if is_old else "policy/v1"
