"""The rollouts of a workload that are over, ready to print."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from console.models import Cluster
from workloads.history import ended, picture, shown
from workloads.history.picture import Picture
from workloads.models import Rollout
from workloads.timeline import Stage
from workloads.views import rollout_words
from workloads.views.rollout_words import seconds, stage_word

PAST = 20


@dataclass(frozen=True)
class Past:
    rollout: Rollout
    url: str
    change: str
    started_by: str
    took: str
    bound: str
    slowest: str
    fewest: str
    word: str
    tone: str


def finished(
    where: tuple[Cluster, str, str, str], query: QueryDict, known: Picture | None = None
) -> dict[str, Any]:
    """The rollouts of a workload that are over, the newest first, a page at a time.

    `known`: the one whose picture the page has already.
    """
    rows = picture.of_workload(*where).exclude(finished_at=None)
    page = Paginator(rows.select_related("cluster"), PAST).get_page(query.get("past"))
    return {"lines": [_past(one, known) for one in page.object_list], "past": page}


def _figures(rollout: Rollout, known: Picture | None) -> dict[str, Any]:
    # The last ones have none yet: old Pods may still be draining.
    is_known = known is not None and known.rollout.pk == rollout.pk
    return rollout.figures or ended.figures(known if known and is_known else shown.past(rollout))


def _past(rollout: Rollout, known: Picture | None) -> Past:
    told = _figures(rollout, known)
    where = (rollout.cluster.cluster_id, rollout.kind.lower(), rollout.namespace, rollout.name)
    word, tone = rollout_words.result(rollout)
    over_at: datetime | None = rollout.finished_at
    slow, fewest = told.get("slowest"), told.get("fewest")
    return Past(
        rollout=rollout,
        url=reverse("rollout_past", args=[*where, rollout.pk]),
        change=rollout_words.change(rollout),
        started_by=ended.started_by(rollout),
        took=seconds((over_at - rollout.started_at).total_seconds()) if over_at else "",
        bound=seconds(told.get("bound")),
        slowest=f"{stage_word(Stage(slow))}, {seconds(told['slowest_seconds'])}" if slow else "–",
        fewest="–"
        if fewest is None
        else _("%(n)s of %(all)s") % {"n": fewest, "all": rollout.replicas},
        word=word,
        tone=tone,
    )
