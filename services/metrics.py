"""The bindings in figures, for `/metrics`."""

from collections.abc import Iterator

from django.db.models import Count

from console.metrics import Metric
from services.models import Binding, Registration


def metrics() -> Iterator[Metric]:
    phases = Binding.objects.values_list("cluster__cluster_id", "phase").annotate(n=Count("pk"))
    yield Metric(
        "podgate_bindings",
        "Bound Services by phase.",
        [
            ({"cluster": id, "phase": phase}, float(n))
            for id, phase, n in phases.order_by("cluster__cluster_id", "phase")
        ],
    )
    words = Registration.objects.values_list("binding__cluster__cluster_id", "health")
    counted = words.annotate(n=Count("pk")).order_by("binding__cluster__cluster_id", "health")
    yield Metric(
        "podgate_targets",
        "Targets by what the CLB says of their health.",
        [({"cluster": id, "health": word or "unread"}, float(n)) for id, word, n in counted],
    )
