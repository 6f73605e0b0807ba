"""Pods that do not start by themselves, counted by workload: for lists and for the first page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.attention import Concern, Report
from console.models import Cluster
from workloads.models import Pod, Workload
from workloads.rollouts import KINDS

_STARTS = ("ImagePullBackOff", "ErrImagePull", "CrashLoopBackOff", "Error", "OOMKilled")
# In the words kubectl prints.
WORDS = (
    *_STARTS,
    *("ErrImageNeverPull", "InvalidImageName", "RunContainerError"),
    *("CreateContainerConfigError", "CreateContainerError"),
    *(f"Init:{word}" for word in _STARTS),
)
SHOWN = 20
# A Pod without a node for longer has none to go to.
PLACING = timedelta(seconds=30)
# Cluster.pk, kind, namespace, name.
type Key = tuple[int, str, str, str]


@dataclass(frozen=True)
class Failing:
    """How many Pods, and the word that most of them have."""

    pods: int
    word: str

    def __str__(self) -> str:
        numbers = {"n": self.pods, "word": self.word}
        text = ngettext(
            "%(n)s Pod does not start: %(word)s", "%(n)s Pods do not start: %(word)s", self.pods
        )
        return text % numbers


def by_workload(clusters: Iterable[int], **only: object) -> Mapping[Key, Failing]:
    unplaced = Q(status="Pending", node="", created_at__lt=timezone.now() - PLACING)
    ill = Q(status__in=WORDS) | unplaced
    rows = Pod.objects.filter(ill, cluster__in=list(clusters), terminating=False, **only)
    grouped = rows.filter(workload_kind__in=KINDS).order_by()
    counted = grouped.values_list(
        "cluster", "workload_kind", "namespace", "workload_name", "status"
    ).annotate(n=Count("pk"))
    found: dict[Key, Failing] = {}
    for *key, word, n in sorted(counted, key=lambda row: row[-1]):
        where: Key = (key[0], key[1], key[2], key[3])
        before = found.get(where)
        said = "Unschedulable" if word == "Pending" else word
        found[where] = Failing(n + (before.pods if before else 0), said)
    return found


def report() -> Report:
    """For the first page: rollouts that stand still, and workloads whose Pods do not start."""
    clusters = Cluster.objects.in_bulk()
    failing = by_workload(clusters)
    stuck = Workload.objects.filter(rollout="stuck").order_by("cluster", "namespace", "name")
    keys = {(one.cluster_id, one.kind, one.namespace, one.name): "" for one in stuck[:SHOWN]}
    concerns = [
        _concern(clusters[key[0]], key, failing.get(key), is_stuck=key in keys)
        for key in [*keys, *(key for key in sorted(failing) if key not in keys)][:SHOWN]
    ]
    return Report({}, concerns)


def _concern(cluster: Cluster, key: Key, failing: Failing | None, *, is_stuck: bool) -> Concern:
    _pk, kind, namespace, name = key
    text = _("made no progress within its deadline.") if is_stuck else f"{failing}"
    note = f"{cluster.cluster_id} · {failing}" if is_stuck and failing else cluster.cluster_id
    return Concern(
        "error",
        f"{kind} {namespace}/{name}",
        reverse("workload", args=[cluster.cluster_id, kind.lower(), namespace, name]),
        text,
        note,
    )
