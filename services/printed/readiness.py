"""Basic Information's cards of direct access: both modes, and the Cloud Connect Network."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from console import container_routes
from console.container_routes import Ccn
from console.models import Cluster
from console.network import ROUTED
from services import facts
from services.limits import Facts, Mode, Severity, readiness
from services.limits.cluster import NOT_GLOBAL_ROUTER, NOT_VPC_CNI
from services.outlook import Line, is_unknown, line
from services.words import said

# Problems of a cluster that has no Pods of the mode at all.
ABSENT = frozenset({NOT_VPC_CNI.code, NOT_GLOBAL_ROUTER.code})


@dataclass(frozen=True)
class ModeCard:
    """Whether Pods of one network mode can be bound on the cluster."""

    name: str
    word: str
    tone: str
    lines: tuple[Line, ...]
    passed: tuple[str, ...]
    # When the oldest fact was read.
    read_at: datetime
    # The cluster has no Pods of this mode at all.
    is_absent: bool = False


@dataclass(frozen=True)
class RouteRow:
    """A container range and its route."""

    cidr: str
    word: str
    tone: str


@dataclass(frozen=True)
class Ticket:
    """Who declared a route made by ticket."""

    by: str
    at: datetime | None


@dataclass(frozen=True)
class CcnCard:
    """`error`: why it could not be read; `step` is the first of the guided steps left to do."""

    vpc_id: str
    ccn: Ccn | None
    vpc_word: str = ""
    vpc_tone: str = "idle"
    rows: tuple[RouteRow, ...] = ()
    conflicts: tuple[str, ...] = ()
    error: str = ""
    step: int = 0
    is_on: bool = False
    ticket: Ticket | None = None


def modes(cluster: Cluster, *, seconds: float) -> tuple[ModeCard, ...]:
    """Waits no longer than `seconds` for what is not known yet."""
    known = facts.of_cluster(cluster, seconds=seconds)
    read_at = timezone.now() - timedelta(seconds=known.age)
    return tuple(_mode(known, mode, read_at) for mode in Mode)


def _mode(known: Facts, mode: Mode, read_at: datetime) -> ModeCard:
    verdict = readiness(known, mode)
    codes = {problem.code for problem in verdict.problems}
    word, tone = _("Ready"), "success"
    if verdict.is_blocked:
        word, tone = _("Not possible"), "error"
    elif verdict.of(Severity.WARNS):
        word, tone = _("With a warning"), "warning"
    elif any(map(is_unknown, verdict.problems)):
        word, tone = _("Not everything is known"), "info"
    absent = bool(codes & ABSENT)
    return ModeCard(
        name=str(mode),
        word=_("Not on this cluster") if absent else word,
        tone="idle" if absent else tone,
        lines=tuple(map(line, verdict.problems)),
        passed=tuple(said(text) for text in verdict.passed),
        is_absent=absent,
        read_at=read_at,
    )


def ccn_card(cluster: Cluster) -> CcnCard | None:
    """From the facts of half a minute ago; None where Pods have no container network."""
    stored: dict[str, Any] = cluster.facts
    network = stored.get("network") or {}
    if network.get("add_on") not in ROUTED:
        return None
    vpc_id, found = network.get("vpc_id", ""), container_routes.restored(stored.get("ccn"))
    ticket = (
        Ticket(cluster.ticket_route_by, cluster.ticket_route_at) if cluster.ticket_route else None
    )
    if found is None:
        error = (stored.get("errors") or {}).get("DescribeCcnRoutes") or _("It was not read yet.")
        return CcnCard(vpc_id, None, error=error, ticket=ticket)
    word, tone = _attached(found)
    return CcnCard(
        vpc_id,
        found,
        vpc_word=word,
        vpc_tone=tone,
        rows=tuple(_row(found, cidr) for cidr in found.cidrs),
        conflicts=tuple(f"{route.cidr} ({route.instance_id})" for route in found.conflicts),
        step=_step(found),
        is_on=found.enabled,
        ticket=ticket,
    )


def _attached(found: Ccn) -> tuple[str, str]:
    if not found.ccn_id:
        return _("Not attached"), "idle"
    if found.attached:
        return _("Attached"), "success"
    return found.vpc_state or _("Unknown"), "warning"


def _row(found: Ccn, cidr: str) -> RouteRow:
    if cidr in found.missing():
        return RouteRow(cidr, _("Not registered"), "idle")
    if found.enabled or any(route.enabled for route in found.own if route.cidr == cidr):
        return RouteRow(cidr, _("Registered, its route is on"), "success")
    return RouteRow(cidr, _("Registered, its route is off"), "warning")


def _step(found: Ccn) -> int:
    """1 choose a CCN and attach the VPC, 2 register the container network, 0 all done."""
    if not found.attached:
        return 1
    return 0 if found.enabled else 2
