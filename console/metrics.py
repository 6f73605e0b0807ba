"""What `/metrics` says, in the text format Prometheus reads; each room adds what it knows.

The rooms above add a source when Django starts (apps.py), as with `console.attention`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from django.utils import timezone

from console import alive
from console.models import Cluster


@dataclass(frozen=True)
class Metric:
    """One family: samples are (labels, value)."""

    name: str
    help: str
    samples: Iterable[tuple[Mapping[str, str], float]] = field(default_factory=list)


sources: list[Callable[[], Iterable[Metric]]] = []


def text() -> str:
    """Every source's metrics, each family once with its help and type."""
    lines: list[str] = []
    for source in (own, *sources):
        for metric in source():
            lines.append(f"# HELP {metric.name} {metric.help}")
            lines.append(f"# TYPE {metric.name} gauge")
            lines += [
                f"{metric.name}{_labels(labels)} {value:g}" for labels, value in metric.samples
            ]
    return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def own() -> Iterator[Metric]:
    """The clusters as the watcher sees them, and podgate's own processes."""
    now, clusters = timezone.now(), list(Cluster.objects.order_by("cluster_id"))
    of = {cluster.cluster_id: {"cluster": cluster.cluster_id} for cluster in clusters}
    yield Metric(
        "podgate_cluster_reachable",
        "1 while the API server answers.",
        [(of[one.cluster_id], float(one.reachable)) for one in clusters],
    )
    for name, help_, moments in (
        (
            "podgate_watch_age_seconds",
            "Since the watcher last knew the index to be what the API server has.",
            {one.cluster_id: one.seen_at for one in clusters},
        ),
        (
            "podgate_watch_last_event_age_seconds",
            "Since the last event of any watch.",
            {one.cluster_id: one.event_at for one in clusters},
        ),
    ):
        ages = [(of[id], (now - at).total_seconds()) for id, at in moments.items() if at]
        yield Metric(name, help_, ages)
    yield Metric(
        "podgate_watch_lag_seconds",
        "The longest way of an event into the index, within the last second that had any.",
        [(of[one.cluster_id], one.lag) for one in clusters if one.event_at],
    )
    seen = ((role, alive.age(role)) for role in alive.ROLES)
    yield Metric(
        "podgate_process_age_seconds",
        "Since a process of this role was last seen.",
        [({"role": role}, age) for role, age in seen if age is not None],
    )
