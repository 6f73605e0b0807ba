"""The health poll: one coalesced read per account and region, and whose gates it makes due.

First look at registration + interval x healthy threshold, then every quarter second while a
target is Unknown; soon where others serve meanwhile or one just died, rarely otherwise. "Not
healthy yet" is a look to come, never an error. Gates are written by `opening`, apart: hundreds of
them must not keep the next look waiting.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from console import live
from console.kube import connect
from console.models import Account
from console.tencent import CloudError, NotFound
from services import guard
from services.binding import clb, events, ledger, wanted
from services.binding.phases import Standing
from services.binding.rows import Place, Row, rows_of
from services.binding.run import report, stored_problems, topic
from services.models import Binding, Registration

EAGER = timedelta(seconds=0.2)
# Targets serve while others are not checked yet: a rollout, in which they may die.
ROLLING = timedelta(seconds=1)
# Where a target died others follow, or it comes back; it did so this lately.
FALLING, LATELY = timedelta(seconds=0.5), timedelta(seconds=30)
TROUBLED = timedelta(seconds=2)
CALM = timedelta(seconds=10)
AFTER_ERROR = timedelta(seconds=1)
LONG = timedelta(seconds=30)
# A phase that comes back within this time is the same event.
FLAP = timedelta(seconds=30)
_UNKNOWN = {"", "Unknown"}
HEALTH_PHASES = {"Pending", "Checking", "Ready", "Degraded"}

type Said = dict[tuple[str, Place], str]


def due(account: Account | None = None) -> QuerySet[Binding]:
    now = timezone.now()
    found = Binding.objects.filter(
        Q(health_due_at__lte=now, lb_status="running") | Q(gates_due_at__lte=now),
        cluster__binder="console",
    )
    return found.filter(cluster__account=account) if account else found


def poll(bindings: Iterable[Binding], then: Callable[[set[int], Sequence[Row]], object]) -> None:
    """Read the health of these bindings of one account, and note it.

    `then` gets them and their partners, any of which may have gates to write now.
    """
    ids = {binding.pk for binding in bindings}
    asked = _with_partners(ids)
    now = timezone.now()
    # Before the CLB is asked: what is registered anew meanwhile is not what it speaks of.
    rows = rows_of(binding.pk for binding in asked)
    found, news = _read(asked, rows, now)
    _announce([binding for binding in found if binding.pk in news])
    guarded = guard.look(found, now)
    then(ids | {binding.pk for binding in found}, rows)
    _after(found)
    guard.hurry(guarded, now)


def _announce(changed: Sequence[Binding]) -> None:
    """Before anything else is done about it: somebody may look, and wonder what holds it up."""
    if not changed:
        return
    live.announce(*(topic(binding) for binding in changed))
    dead = Registration.objects.filter(binding__in=changed, health="Dead", health_message="")
    for pk in dead.order_by().values_list("binding", flat=True).distinct():
        _try(pk)


def refresh(binding: Binding) -> bool:
    """Read the health of this one now; answers whether it is news."""
    rows = rows_of([binding.pk])
    said, missing = _said(binding.cluster.account, [binding])
    return not missing and bool(_note([binding.pk], rows, said, timezone.now()))


def _read(
    asked: Sequence[Binding], rows: Sequence[Row], now: datetime
) -> tuple[list[Binding], set[int]]:
    """The bindings whose health could be read, and those of them with news."""
    if not asked:
        return [], set()
    try:
        said, missing = _said(asked[0].cluster.account, asked)
    except CloudError:
        failed = Binding.objects.filter(pk__in=[binding.pk for binding in asked])
        failed.update(health_due_at=now + AFTER_ERROR)
        return [], set()
    if missing:
        wanted.raise_wanted(Binding.objects.filter(lb_id__in=missing))
    found = [binding for binding in asked if binding.lb_id not in missing]
    spoken_of = [row for row in rows if row.lb_id not in missing]
    return found, _note([binding.pk for binding in found], spoken_of, said, now)


def _said(account: Account, bindings: Iterable[Binding]) -> tuple[Said, set[str]]:
    """The CLB's words by load balancer and target, and the load balancers it does not know."""
    ids, missing = sorted({binding.lb_id for binding in bindings}), set()
    try:
        found = list(clb.health(account, ids))
    except NotFound:
        # One that is gone must not hide all the others.
        found = []
        for lb_id in ids:
            try:
                found += clb.health(account, [lb_id])
            except NotFound:
                missing.add(lb_id)
    return {(lb, (listener, *target)): word for lb, listener, target, word in found}, missing


def _note(ids: Collection[int], rows: Iterable[Row], said: Said, now: datetime) -> set[int]:
    """The bindings with news. One transaction: who dies after it has left its gates due."""
    with transaction.atomic():
        Binding.objects.filter(pk__in=ids).update(health_at=now)
        news = {row.binding_id for row in ledger.note_health(rows, said, now)}
        if news:
            Binding.objects.filter(pk__in=news).update(gates_due_at=now)
    return news


def _after(found: Sequence[Binding]) -> None:
    ids = [binding.pk for binding in found]
    rows = Binding.objects.filter(pk__in=ids, phase__in=HEALTH_PHASES).select_related("cluster")
    moved, said = list(rows), _words(ids)
    for row in moved:
        _update_phase(row, said[row.pk])
    # From the end of this look: where looks take long, others shall have their turn between two.
    due: dict[datetime, list[int]] = defaultdict(list)
    for pk, at in _next_looks(found, timezone.now()).items():
        due[at].append(pk)
    for at, some in due.items():
        Binding.objects.filter(pk__in=some).update(health_due_at=at)


def _try(binding_id: int) -> None:
    """Find out more of what is Dead, in a task: nobody waits for what does not answer."""
    from services import tasks

    tasks.deliver(tasks.try_targets, binding_id, expires=60)


def words(binding: Binding) -> list[str]:
    """One of the CLB's words per wanted target; those that drain do not count."""
    return _words([binding.pk])[binding.pk]


def _words(ids: Collection[int]) -> dict[int, list[str]]:
    rows = Registration.objects.filter(binding__in=ids, weight__gt=0).order_by()
    found: dict[int, list[str]] = {pk: [] for pk in ids}
    for pk, word, number in rows.values_list("binding", "health").annotate(number=Count("pk")):
        found[pk] += number * [word or "Unknown"]
    return found


def next_look(binding: Binding, now: datetime) -> datetime:
    """When the next word can be news."""
    return _next_looks([binding], now)[binding.pk]


def _next_looks(bindings: Sequence[Binding], now: datetime) -> dict[int, datetime]:
    ids = [binding.pk for binding in bindings]
    rows = Registration.objects.filter(binding__in=ids, registered_at__isnull=False).order_by()
    since: dict[int, dict[str, datetime | None]] = defaultdict(dict)
    for pk, word, at in rows.values_list("binding", "health").annotate(at=Max("health_since")):
        since[pk][word] = at
    waiting: dict[int, list[datetime]] = defaultdict(list)
    unknown = rows.filter(health__in=_UNKNOWN)
    for pk, at in unknown.values_list("binding", "registered_at").distinct():
        if at:
            waiting[pk].append(at)
    return {
        one.pk: min(_looks(since[one.pk], waiting[one.pk], one.first_look, now), default=now + CALM)
        for one in bindings
    }


def _looks(
    since: Mapping[str, datetime | None],
    waiting: Iterable[datetime],
    first_look: float,
    now: datetime,
) -> Iterator[datetime]:
    """Since when targets have each word, and when those were registered that have none yet."""
    if "Dead" in since:
        died = since["Dead"]
        yield now + (FALLING if died and now - died < LATELY else TROUBLED)
    first = timedelta(seconds=first_look)
    for at in waiting:
        yield max(at + first, now + _patience(now - at, first))
    if since.keys() & _UNKNOWN and since.keys() & ledger.HEALTHY:
        yield now + ROLLING


def _patience(waited: timedelta, first_look: timedelta) -> timedelta:
    """A target that the CLB says nothing of for long is asked for less often."""
    return EAGER if waited < 3 * first_look + LONG else TROUBLED


def _with_partners(ids: Iterable[int]) -> list[Binding]:
    """Also the bindings that share Pods with these, and those that share Pods with them.

    A gate wants all that lead to its Pod to be good at one moment.
    """
    known: set[int] = set()
    more = set(ids)
    while more:
        known |= more
        uids = Registration.objects.filter(binding__in=more).values("pod_uid")
        sharing = Registration.objects.filter(pod_uid__in=uids).order_by()
        more = set(sharing.values_list("binding", flat=True).distinct()) - known
    rows = Binding.objects.filter(pk__in=known, lb_status="running").exclude(lb_id="")
    return list(rows.select_related("cluster__account"))


def _update_phase(row: Binding, said: Sequence[str]) -> None:
    """Between runs health moves a binding only among the phases that health makes."""
    before = row.passed
    standing = Standing(health=said, problems=stored_problems(row), has_load_balancer=True)
    if report(row, standing, is_run=False) and row.phase in {"Ready", "Degraded"}:
        if _is_flapping(before.get(row.phase)):
            return
        who = {"namespace": row.namespace, "name": row.name, "uid": row.service_uid}
        events.on_service(connect(row.cluster), {"metadata": who}, row.phase, row.message)


def _is_flapping(passed: dict[str, str] | None) -> bool:
    """It was in this phase a moment ago: the event was told, and telling it costs two calls."""
    if passed is None:
        return False
    return timezone.now() - datetime.fromisoformat(passed["at"]) < FLAP
