"""What the first page says of Services: how many are bound and Ready, and which need someone."""

from collections import defaultdict
from datetime import timedelta

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from console.attention import Concern, Report, Standing
from services import rechecks
from services.models import AccessLayer, Binding, Phase, Registration
from services.printed.words import message_words
from services.words import said, stored

# The CLB's words for a target that may take traffic; Close is a health check switched off.
HEALTHY = ("Alive", "Close")
TONES = {Phase.BLOCKED: "error", Phase.DEGRADED: "warning"}
SHOWN = 20
# Without a target or a load balancer for longer a Service has been forgotten, or is stuck.
_UNDER_WAY = (Phase.PENDING, Phase.PROVISIONING, Phase.REGISTERING)
PATIENCE = timedelta(minutes=1)


def report() -> Report:
    return Report(_standings(), [*_layers(), *_concerns()])


def _layers() -> list[Concern]:
    """Webhooks that API servers do not reach, or that another writer fights over."""
    troubled = Q(probe_ok=False) | ~Q(warning="") | ~Q(trouble="")
    rows = AccessLayer.objects.filter(troubled, registered_at__isnull=False)
    return [
        Concern(
            "error",
            layer.cluster.cluster_id,
            reverse("access_layer", args=[layer.cluster.cluster_id]),
            _("New Pods may start without a gate."),
            stored(layer.warning or layer.trouble or layer.probe_message),
        )
        for layer in rows.select_related("cluster")[:SHOWN]
    ]


def _standings() -> dict[int, Standing]:
    figures: dict[int, Standing] = defaultdict(Standing)
    kept = Binding.objects.exclude(phase=Phase.DELETING).order_by()
    bindings = kept.values_list("cluster__pk").annotate(
        all=Count("pk"), ready=Count("pk", filter=Q(phase=Phase.READY))
    )
    for cluster, all_, ready in bindings:
        figures[cluster] += Standing(services=all_, services_ready=ready)
    on = Registration.objects.filter(weight__gt=0).order_by()
    targets = on.values_list("binding__cluster__pk").annotate(
        all=Count("pk"), well=Count("pk", filter=Q(health__in=HEALTHY))
    )
    for cluster, all_, well in targets:
        figures[cluster] += Standing(targets=all_, targets_healthy=well)
    return dict(figures)


def _concerns() -> list[Concern]:
    waiting = Binding.objects.filter(phase__in=list(TONES)).select_related("cluster")
    # "Blocked" sorts before "Degraded": what only a person can solve comes first.
    troubled = [_concern(binding) for binding in waiting.order_by("phase", "-phase_since")[:SHOWN]]
    late = Binding.objects.filter(
        phase__in=_UNDER_WAY, phase_since__lt=timezone.now() - PATIENCE
    ).select_related("cluster")
    troubled += [_concern(binding) for binding in late.order_by("phase_since")[:SHOWN]]
    return troubled + [_closed(binding) for binding in rechecks.ready_but_closed()[:SHOWN]]


def _closed(binding: Binding) -> Concern:
    closed = " ".join(said(problem.message) for problem in rechecks.closed(binding))
    where = binding.cluster.cluster_id
    return Concern(
        "warning",
        f"{binding.namespace}/{binding.name}",
        reverse("service", args=[where, binding.namespace, binding.name]),
        _("is Ready, but clients may not reach it."),
        f"{where} · {closed}",
    )


def _concern(binding: Binding) -> Concern:
    cluster_id = binding.cluster.cluster_id
    return Concern(
        TONES.get(Phase(binding.phase), "warning"),
        f"{binding.namespace}/{binding.name}",
        reverse("service", args=[cluster_id, binding.namespace, binding.name]),
        _("is %(phase)s.") % {"phase": binding.get_phase_display()},
        " · ".join(filter(None, (cluster_id, message_words(binding)))),
    )
