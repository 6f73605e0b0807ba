"""How the CLBs see Pods, by the target ledger: for the Pods list and its filter."""

from collections.abc import Iterable, Mapping

from django.db.models import Exists, OuterRef, QuerySet

from console.models import Cluster
from services.models import Registration
from workloads.health import Health, Provider
from workloads.models import Pod

# The worst first; an empty word was never read.
_TONES = {"Dead": "error", "Unknown": "info", "Alive": "success", "Close": "idle"}
_WORST = {word: rank for rank, word in enumerate(_TONES)}


def of(cluster: Cluster, uids: Iterable[str]) -> Mapping[str, Health]:
    # Asked for the cluster too, a database would go through all of its targets.
    rows = Registration.objects.filter(pod_uid__in=list(uids))
    targets: dict[str, list[tuple[str, int]]] = {}
    columns = ("pod_uid", "health", "weight", "binding__cluster_id")
    for uid, word, weight, key in rows.values_list(*columns):
        if key == cluster.pk:
            targets.setdefault(uid, []).append((word or "Unknown", weight))
    return {uid: _worst(found) for uid, found in targets.items()}


def _worst(targets: list[tuple[str, int]]) -> Health:
    word = min((word for word, _weight in targets), key=lambda one: _WORST.get(one, 0))
    drains = all(weight == 0 for _word, weight in targets)
    return Health(word, _TONES.get(word, "error"), len(targets), drains)


def having(cluster: Cluster, pods: QuerySet[Pod], word: str) -> QuerySet[Pod]:
    rows = Registration.objects.filter(binding__cluster=cluster)
    dead, unknown = rows.filter(health="Dead"), rows.filter(health__in=["", "Unknown"])
    if word == "Dead":
        return pods.filter(uid__in=dead.values("pod_uid"))
    if word == "Unknown":
        return pods.filter(uid__in=unknown.values("pod_uid"))
    # Of these there are many: a page of them is full before all targets were looked at.
    is_target = Exists(rows.filter(pod_uid=OuterRef("uid")))
    if word == "Alive":
        ill = rows.filter(health__in=["Dead", "Unknown", ""])
        return pods.filter(is_target).exclude(uid__in=ill.values("pod_uid"))
    return pods.filter(~is_target)


PROVIDER = Provider(of, having)
