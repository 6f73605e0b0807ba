"""The access layer, ready to print: how it stands, its certificates, its repairs, its coverage."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console import differences
from console.models import Cluster
from services import waiting
from services.admission import certificates, configuration, coverage
from services.admission.coverage import Covered
from services.admission.damage import WORDS, What
from services.admission.lately import Counts, hour
from services.admission.scope import is_alive
from services.models import AccessLayer, Repair
from services.words import said, stored
from workloads import rollouts
from workloads.models import Workload

WEEK = timedelta(days=7)
SHOWN, NAMED = 30, 5


@dataclass(frozen=True)
class Life:
    """One certificate's; `left` of `days`."""

    days: int
    left: int
    not_after: datetime
    renews_at: datetime


@dataclass(frozen=True)
class Health:
    layer: AccessLayer | None
    name: str
    word: str
    tone: str
    # Whether its process lives: what it proved before is old otherwise.
    is_seen: bool = False
    # What is wrong, as a sentence, and how bad.
    callouts: tuple[tuple[str, str], ...] = ()
    address: str = ""
    sans: str = ""
    serving: Life | None = None
    ca: Life | None = None
    is_rotating: bool = False
    latency: str = ""
    probe_took: str = ""
    admissions: int = 0
    # In the last hour.
    hour: Counts = Counts()
    last: "RepairRow | None" = None


@dataclass(frozen=True)
class RepairRow:
    repair: Repair
    what: str
    took: str
    found_by: str
    changes: tuple[differences.Line, ...]


@dataclass(frozen=True)
class CoverageRow:
    covered: Covered
    named: tuple[str, ...]
    more: int
    why: str = ""
    is_rolling: bool = False


FOUND_BY = {
    "Start": gettext_lazy("Start"),
    "Watch": gettext_lazy("Watch"),
    "Sweep": gettext_lazy("Sweep"),
    "Check": gettext_lazy("Check now"),
}


def health(cluster: Cluster) -> Health:
    layer = AccessLayer.objects.filter(cluster=cluster).first()
    name = configuration.name(cluster.cluster_id)
    if layer is None or layer.alive_at is None:
        text = (
            _("TKE's service-controller binds in this cluster, so podgate injects nothing here.")
            if cluster.binder != "console"
            else _("The webhook's process has not run yet: start manage.py webhook.")
        )
        return Health(layer, name, _("Not registered"), "idle", callouts=(("info", text),))
    word, tone, callouts = _verdict(layer)
    last = Repair.objects.filter(cluster=cluster).first()
    return Health(
        layer,
        name,
        word,
        tone,
        is_seen=is_alive(layer),
        callouts=callouts,
        address=_address(layer),
        sans=", ".join(certificates.names(layer.certificate)) if layer.certificate else "",
        serving=_life(layer.certificate),
        ca=_life(layer.ca_certificate),
        is_rotating=bool(layer.next_ca_certificate or layer.old_ca_certificate),
        latency=f"{layer.latency_p99 * 1000:.1f} ms",
        probe_took=f"{layer.probe_seconds * 1000:.0f} ms",
        admissions=layer.injected + layer.skipped + layer.failed,
        hour=hour(layer.lately, timezone.now()),
        last=_repair(last) if last else None,
    )


def _verdict(layer: AccessLayer) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    if not is_alive(layer):
        text = _("The webhook's process was not seen lately. New Pods start without a gate.")
        return _("Not running"), "error", (("error", text),)
    if layer.trouble:
        return _("Not kept whole"), "error", (("error", stored(layer.trouble)),)
    warned = (("error", stored(layer.warning)),) if layer.warning else ()
    if layer.probe_ok is None:
        return _("Starting"), "info", warned
    if not layer.probe_ok:
        text = _("The API server does not reach the webhook: %(said)s")
        said = ("error", text % {"said": stored(layer.probe_message)})
        return _("Not reached"), "error", (said, *warned)
    return (_("Fought over"), "warning", warned) if warned else (_("Healthy"), "success", ())


def _address(layer: AccessLayer) -> str:
    if layer.service:
        return f"Service {layer.service}"
    host = ", ".join(certificates.names(layer.certificate)) if layer.certificate else ""
    return layer.url.removeprefix("https://") or f"{host}:{layer.port}"


def _life(certificate: str) -> Life | None:
    try:
        valid = certificates.validity(certificate)
    except ValueError:
        return None
    left = valid.days_left(timezone.now())
    return Life(valid.days(), left, valid.not_after, valid.renews_at)


def repairs(cluster: Cluster) -> list[RepairRow]:
    return [_repair(one) for one in Repair.objects.filter(cluster=cluster)[:SHOWN]]


def lately(cluster: Cluster) -> int:
    return Repair.objects.filter(cluster=cluster, at__gt=timezone.now() - WEEK).count()


def _repair(one: Repair) -> RepairRow:
    changes = differences.difference(one.before, one.after) if one.before or one.after else ()
    return RepairRow(
        one,
        said(WORDS[What(one.what)]),
        f"{one.took:.1f} s" if one.took >= 1 else f"{one.took * 1000:.0f} ms",
        str(FOUND_BY.get(one.found_by, one.found_by)),
        changes,
    )


def covered(cluster: Cluster) -> Sequence[CoverageRow]:
    webhook, rolling = waiting.Webhook(cluster), _rolling(cluster)
    return [
        CoverageRow(
            row,
            row.without[:NAMED],
            max(0, len(row.without) - NAMED),
            _why(row, webhook),
            (row.kind, row.namespace, row.name) in rolling,
        )
        for row in coverage.coverage(cluster)
    ]


def _rolling(cluster: Cluster) -> set[tuple[str, str, str]]:
    """Kind, namespace and name of every workload with a rollout under way."""
    found = Workload.objects.filter(cluster=cluster, rollout=rollouts.State.PROGRESSING)
    return set(found.values_list("kind", "namespace", "name"))


def _why(row: Covered, webhook: waiting.Webhook) -> str:
    """Of the oldest of them, in the words its own page has."""
    if row.oldest is None:
        return ""
    words = waiting.told(waiting.why_no_gate(webhook, row.oldest, row.selected_by))
    return f"{words[:1].upper()}{words[1:]}"
