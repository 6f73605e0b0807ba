"""Everything known of one rollout, put together: its Pods, its pace, its healthy targets."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import Any

from django.conf import settings
from django.db.models import Count as Counted
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from console.models import Cluster
from workloads.actions.front import Behind
from workloads.behind import behind
from workloads.history import reading
from workloads.models import Pod, Rollout, TargetCount, Workload
from workloads.timeline import Stage, counts, lives, waves
from workloads.timeline.counts import Count
from workloads.timeline.lives import Life
from workloads.timeline.waves import Pace

GRACE = 30.0
# A wave that is late by its own length, and by so many seconds, has no foreseeable end.
LATE = 10.0


@dataclass(frozen=True)
class Listener:
    """A listener in front of the workload, and its healthy targets since the rollout began."""

    service: str
    name: str
    lb_id: str
    floor: int | None
    counts: Sequence[Count]
    # Whether it took traffic when the rollout began; one made meanwhile has lost nothing by it.
    was_there: bool = True


@dataclass(frozen=True)
class Picture:
    """`now` is when it ended, once it is over."""

    rollout: Rollout
    workload: Workload | None
    now: datetime
    new: Sequence[Life]
    old: Sequence[Life]
    serving: Sequence[Life]
    pace: Pace
    grace: float
    behind: Sequence[Behind]
    listeners: Sequence[Listener]
    # Pods of this revision that ran before the rollout began: none of these is replaced.
    kept: int = 0
    # The rows this was made of, for the picture that comes after it.
    read: Mapping[str, tuple[object, Life]] = field(default_factory=dict, repr=False)

    @property
    def replaced(self) -> int:
        return max(0, self.rollout.replicas - self.kept)

    @property
    def is_paused(self) -> bool:
        return self.is_running and self.workload is not None and self.workload.paused

    @cached_property
    def failing(self) -> Sequence[Life]:
        return [life for life in self.new if life.is_failing or self._has_no_node(life)]

    def _has_no_node(self, life: Life) -> bool:
        """For longer than a scheduler takes."""
        waits = Stage.SCHEDULED not in life.at and Stage.TERMINATING not in life.at
        created = life.at.get(Stage.CREATED)
        is_new = created is None or (self.now - created).total_seconds() < LATE
        return waits and not life.is_gone and Stage.IP not in life.at and not is_new

    @property
    def has_end_in_sight(self) -> bool:
        """Whether what is expected of the Pods says when it will be over."""
        stands = self.is_paused or self.failing or self.rollout.stuck
        return not stands and self.left.late <= max(self.pace.wave, LATE)

    @property
    def is_running(self) -> bool:
        return self.rollout.finished_at is None

    @property
    def at_once(self) -> int:
        return max(1, self.rollout.surge + self.rollout.unavailable)

    @property
    def wave_count(self) -> int:
        return waves.count(max(self.replaced, len(self.new)), self.at_once)

    @property
    def bound_waves(self) -> int:
        return waves.count(self.replaced, self.at_once)

    @cached_property
    def bound(self) -> float:
        """Of a rollout that is over never more than it took: Kubernetes tells whole seconds."""
        bound = waves.bound(self.replaced, self.at_once, lives.fastest(self.new, self.pace))
        took = (self.now - self.rollout.started_at).total_seconds()
        return bound if self.is_running else max(0.0, min(bound, took))

    @cached_property
    def left(self) -> waves.Left:
        return waves.left(
            [life.at[Stage.CREATED] for life in self.new],
            replicas=self.replaced,
            at_once=self.at_once,
            pace=self.pace,
            began=self.rollout.started_at,
            now=self.now,
        )

    @cached_property
    def expected(self) -> dict[Stage, float]:
        return lives.expected(self.pace, drain=settings.DRAIN_SECONDS, grace=self.grace)

    @cached_property
    def capacity(self) -> Sequence[Count]:
        """What took traffic over time: the weakest listener's targets, else Ready Pods."""
        counted = [one for one in self.listeners if one.counts]
        told = [one.counts for one in counted if one.was_there] or [one.counts for one in counted]
        if told:
            return min(told, key=lambda one: counts.fewest(one) or 0)
        return counts.ready(list(self._changes()), self.rollout.started_at, self._at_start())

    @property
    def lost(self) -> float | None:
        return counts.lost(self.capacity, self._wanted_at_first(), self.now)

    @property
    def fewest(self) -> int | None:
        return counts.fewest(self.capacity)

    def _wanted_at_first(self) -> int:
        """A first rollout has nothing to lose before it has had it."""
        return min(self.rollout.replicas, self.capacity[0].healthy) if self.capacity else 0

    def _at_start(self) -> int:
        return sum(Stage.READY in life.at for life in chain(self.old, self.serving))

    def _changes(self) -> Iterable[tuple[datetime, int]]:
        for life in self.new:
            if (at := life.at.get(Stage.READY)) is not None:
                yield at, 1
        for life in chain(self.new, self.old):
            leaves = life.at.get(Stage.TERMINATING) or life.at.get(Stage.GONE)
            if leaves is not None and Stage.READY in life.at:
                yield leaves, -1


def latest(cluster: Cluster, kind: str, namespace: str, name: str) -> Rollout | None:
    """The rollout that is under way, else the last one."""
    found = of_workload(cluster, kind, namespace, name)
    return found.filter(finished_at=None).first() or found.first()


def of_workload(cluster: Cluster, kind: str, namespace: str, name: str) -> QuerySet[Rollout]:
    rows = Rollout.objects.filter(cluster=cluster, kind=kind, namespace=namespace, name=name)
    return rows.order_by("-started_at", "-pk")


def picture(
    rollout: Rollout, now: datetime | None = None, *, before: Picture | None = None
) -> Picture:
    """As it is now. `before`: an earlier one, whose Pods are read again only if they changed."""
    cluster, begins = rollout.cluster, rollout.started_at
    end = rollout.finished_at or now or timezone.now()
    where = (cluster, rollout.kind, rollout.namespace, rollout.name)
    workload = Workload.objects.filter(
        cluster=cluster, kind=rollout.kind, namespace=rollout.namespace, name=rollout.name
    ).first()
    timelines = reading.of_workload(*where)
    lives_of = reading.Lives(before.read if before else None)
    new, others = _ours(rollout, lives_of.new(timelines, begins, rollout.finished_at))
    old = lives_of.old(timelines, begins, rollout.finished_at)
    told = {life.uid for life in chain(new, old, others)}
    pods = reading.pods_of(*where)
    serving = [] if rollout.finished_at else reading.serving(pods)
    in_front = behind(cluster, workload) if workload else []
    return Picture(
        rollout=rollout,
        workload=workload,
        now=end,
        new=new,
        old=[*old, *others],
        serving=[life for life in serving if life.uid not in told],
        pace=_pace(rollout, workload, new, in_front),
        grace=_grace(workload),
        behind=in_front,
        listeners=_listeners(rollout, in_front, end),
        kept=_kept(rollout, pods),
        read=lives_of.read,
    )


def _kept(rollout: Rollout, pods: QuerySet[Pod]) -> int:
    """By the index, so as long as it stands; then as it was written down."""
    if "kept" in (rollout.figures or {}):
        return int(rollout.figures["kept"])
    if not rollout.revision:
        return 0
    # Counted among the workload's own: by its age alone SQLite would go through the whole cluster.
    old = Counted("pk", filter=Q(created_at__lt=rollout.started_at - reading.SLACK))
    ours = pods.filter(revision=rollout.revision)
    return int(ours.aggregate(old=old)["old"])


def _ours(rollout: Rollout, found: list[Life]) -> tuple[list[Life], list[Life]]:
    """The Pods of the new revision, and others made meanwhile."""
    revision = rollout.revision or next((one.revision for one in reversed(found)), "")
    new = [one for one in found if one.revision == revision]
    return new, [one for one in found if one.revision != revision]


def _pace(
    rollout: Rollout, workload: Workload | None, new: Sequence[Life], in_front: Sequence[Behind]
) -> Pace:
    stored = (rollout.figures or {}).get("check")
    check = max((one.first_look for one in in_front), default=stored or 0.0)
    gated = bool(workload.template_gates) if workload and not new else None
    return lives.measured(
        new,
        check=check,
        bind=max((one.bind_seconds for one in in_front), default=0.0),
        min_ready=rollout.min_ready,
        gated=gated,
    )


def _grace(workload: Workload | None) -> float:
    found = [one.get("grace") for one in workload.containers] if workload else []
    return float(max((one for one in found if one is not None), default=GRACE))


def _listeners(rollout: Rollout, in_front: Sequence[Behind], end: datetime) -> list[Listener]:
    floors = {(one.namespace, one.name): one.floor_of(rollout.replicas) for one in in_front}
    names = {name for namespace, name in floors if namespace == rollout.namespace}
    names |= set((rollout.figures or {}).get("services", ()))
    found: dict[tuple[str, str], list[Count]] = defaultdict(list)
    lbs: dict[tuple[str, str], str] = {}
    rows = TargetCount.objects.filter(
        cluster=rollout.cluster, namespace=rollout.namespace, service__in=names
    )
    before = rows.filter(at__lte=rollout.started_at).order_by()
    latest = before.values("service", "listener").annotate(newest=Max("pk")).values("newest")
    told = rows.filter(at__gt=rollout.started_at, at__lte=end) | rows.filter(
        pk__in=list(_pks(latest))
    )
    columns = ("service", "listener", "lb_id", "at", "healthy", "wanted")
    for service, listener, lb_id, *count in told.order_by("at", "pk").values_list(*columns):
        found[service, listener].append(Count(*count))
        lbs[service, listener] = lb_id
    return [
        Listener(
            service,
            listener,
            lbs[service, listener],
            floors.get((rollout.namespace, service)),
            counts.within(some, rollout.started_at, end),
            some[0].at <= rollout.started_at,
        )
        for (service, listener), some in sorted(found.items())
    ]


def _pks(rows: Any) -> Iterable[int]:
    return (row["newest"] for row in rows)
