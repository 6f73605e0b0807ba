"""What the rooms above tell the first page: how many Services are bound, and what needs someone.

`console` may not import them, so each room adds a source here when Django starts (apps.py).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from console import alive
from console.models import Cluster


@dataclass(frozen=True)
class Standing:
    """One cluster in figures."""

    services: int = 0
    services_ready: int = 0
    targets: int = 0
    targets_healthy: int = 0

    def __add__(self, other: "Standing") -> "Standing":
        return Standing(
            self.services + other.services,
            self.services_ready + other.services_ready,
            self.targets + other.targets,
            self.targets_healthy + other.targets_healthy,
        )


@dataclass(frozen=True)
class Concern:
    """Something a person must look at: `subject` links to `url`, the rest is a sentence."""

    tone: str
    subject: str
    url: str
    text: str
    note: str = ""


@dataclass(frozen=True)
class Report:
    """Standings by Cluster.pk, and the concerns."""

    standings: Mapping[int, Standing]
    concerns: Sequence[Concern] = ()


sources: list[Callable[[], Report]] = []


def report() -> Report:
    """Every source's report in one."""
    standings: dict[int, Standing] = {}
    concerns: list[Concern] = []
    for source in sources:
        told = source()
        concerns.extend(told.concerns)
        for pk, standing in told.standings.items():
            standings[pk] = standings.get(pk, Standing()) + standing
    return Report(standings, concerns)


def worst_first(concerns: Sequence[Concern]) -> list[Concern]:
    """Errors before warnings; else as the sources told them."""
    return sorted(concerns, key=lambda one: one.tone != "error")


def silent_processes() -> Iterator[Concern]:
    """podgate's own processes that do not work now, and what stands still because of it."""
    rests = {
        "worker": _("Nothing is bound or unbound until it runs again."),
        "ticker": _("Nothing that is due is started until it runs again."),
        "watcher": _("Changes in the clusters are not seen until it runs again."),
    }
    for role, age in alive.silent().items():
        text = _("was not seen in the last hour.")
        if age is not None:
            text = _("was last seen %(n)d s ago.") % {"n": age}
        yield Concern("error", _("podgate’s %(role)s") % {"role": role}, "", text, rests[role])


def concerns_of(cluster: Cluster) -> Iterator[Concern]:
    """What is wrong with the cluster itself."""
    url = f"/clusters/{cluster.cluster_id}/"
    if not cluster.reachable:
        text = _("does not answer.") if cluster.seen_at else _("has not been reached yet.")
        yield Concern("error", cluster.cluster_id, url, text, cluster.unreachable_because)
    if cluster.facts_error:
        text = _("cannot be read at Tencent Cloud.")
        yield Concern("warning", cluster.cluster_id, url, text, cluster.facts_error)
