"""The filters of the Pods list: their names in the URL, what they offer, and what they leave."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from django.core.cache import cache
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from console.markup import joined, markup
from console.models import Cluster
from workloads import health
from workloads.models import Pod
from workloads.views import listing

NAMES = ("namespace", "q", "status", "node", "network", "workload", "gates", "health")
# What the filters offer is asked again this often; it is the same for everyone.
CHOICES_SECONDS = 10
MOST_NODES = 200

type Choices = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Select:
    """A filter one chooses; its options ready to be placed."""

    name: str
    label: str
    options: SafeString


def read(query: QueryDict) -> dict[str, str]:
    return {name: value for name in NAMES if (value := listing.text(query, name))}


def selects(cluster: Cluster, filters: dict[str, str]) -> list[Select]:
    """Options are made in Python: a cluster has hundreds of nodes, and a template is slow."""
    known = _known(cluster)
    offered: list[tuple[str, str, Choices]] = [
        ("namespace", _("Namespace"), _all(_("All namespaces"), known["namespaces"])),
        ("status", _("Status"), chain(_status(), _same(known["statuses"]))),
        ("gates", _("Gates"), _gates()),
        ("health", _("CLB health"), _health()),
        ("network", _("Network"), _network()),
    ]
    # Of more nodes one is chosen by a link, not from a list.
    if len(known["nodes"]) <= MOST_NODES:
        offered.append(("node", _("Node"), _all(_("Any node"), known["nodes"])))
    return [
        Select(name, label, _options(choices, filters.get(name, "")))
        for name, label, choices in offered
    ]


def _options(choices: Choices, chosen: str) -> SafeString:
    plain, held = '<option value="{}">{}</option>', '<option value="{}" selected>{}</option>'
    return joined(
        [markup(held if value == chosen else plain, value, word) for value, word in choices]
    )


def _same(words: Iterable[str]) -> Choices:
    return ((word, word) for word in words)


def _all(word: str, values: Iterable[str]) -> Choices:
    return chain([("", word)], _same(values))


def _status() -> Choices:
    return [("", _("Any status")), ("ready", _("Ready")), ("not-ready", _("Not Ready"))]


def _gates() -> Choices:
    return [
        ("", _("Any gate")),
        ("waiting", _("Waiting for a gate")),
        ("open", _("Gates open")),
        ("none", _("Without a gate")),
    ]


def _health() -> Choices:
    return [
        ("", _("Any CLB health")),
        *_same(word for word in health.WORDS if word != "none"),
        ("none", _("Not a target")),
    ]


def _network() -> Choices:
    return [
        ("", _("Any network")),
        ("eni", "ENI"),
        ("route", "GlobalRouter"),
        ("host", _("Host network")),
        ("overlay", "Overlay"),
    ]


def _known(cluster: Cluster) -> dict[str, list[str]]:
    """What can be filtered by, each read from its own index."""
    key = f"pod-choices:{cluster.pk}"
    found: dict[str, list[str]] | None = cache.get(key)
    if found is None:
        rows_of = Pod.objects.filter(cluster=cluster)
        nodes = rows_of.exclude(node="").values_list("node", flat=True).distinct()
        found = {
            "namespaces": sorted(set(rows_of.values_list("namespace", flat=True).distinct())),
            "statuses": sorted(set(rows_of.values_list("status", flat=True).distinct())),
            "nodes": sorted(set(nodes[: MOST_NODES + 1])),
        }
        cache.set(key, found, CHOICES_SECONDS)
    return found


def narrowed(cluster: Cluster, found: QuerySet[Pod], filters: dict[str, str]) -> QuerySet[Pod]:
    """The filters of the URL; each is a link somewhere in the console."""
    for name in ("namespace", "node"):
        if value := filters.get(name):
            found = found.filter(**{name: value})
    if q := filters.get("q"):
        found = found.filter(Q(name__icontains=q) | Q(ip__startswith=q) | Q(node__icontains=q))
    if mode := filters.get("network"):
        found = found.filter(network_mode="" if mode == "unknown" else mode)
    if workload := filters.get("workload"):
        kind, _slash, name = workload.partition("/")
        found = found.filter(workload_kind__iexact=kind, workload_name=name)
    if filters.get("health") in health.WORDS:
        found = health.having(cluster, found, filters["health"])
    return _with_status(_with_gates(found, filters.get("gates", "")), filters.get("status", ""))


def _with_gates(found: QuerySet[Pod], gates: str) -> QuerySet[Pod]:
    if gates == "waiting":
        return found.filter(gates_open=False)
    if gates == "open":
        return found.filter(gated=True, gates_open=True)
    return found.filter(gated=False) if gates == "none" else found


def _with_status(found: QuerySet[Pod], status: str) -> QuerySet[Pod]:
    if status == "ready":
        return found.filter(ready=True)
    if status == "not-ready":
        return found.filter(ready=False).exclude(status__in=["Completed", "Succeeded"])
    return found.filter(status=status) if status else found
