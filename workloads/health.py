"""How load balancers see Pods: a question only the room above can answer, asked here."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from console.models import Cluster
from workloads.models import Pod

# What the Pods list filters by: the CLB's words for the worst of a Pod's targets.
WORDS = ("Alive", "Dead", "Unknown", "none")


@dataclass(frozen=True)
class Health:
    """The worst of a Pod's targets, in the CLB's word; `weight` 0: it drains."""

    word: str
    tone: str
    targets: int = 1
    is_draining: bool = False

    @property
    def is_bad(self) -> bool:
        return self.tone == "error"


@dataclass(frozen=True)
class Provider:
    """`of` by Pod uid; `having` narrows Pods to those of one of WORDS, in SQL."""

    of: Callable[[Cluster, Iterable[str]], Mapping[str, Health]]
    having: Callable[[Cluster, QuerySet[Pod], str], QuerySet[Pod]]


providers: list[Provider] = []


def of(cluster: Cluster, uids: Iterable[str]) -> dict[str, Health]:
    asked = list(uids)
    found: dict[str, Health] = {}
    for provider in providers:
        found |= provider.of(cluster, asked)
    return found


def having(cluster: Cluster, pods: QuerySet[Pod], word: str) -> QuerySet[Pod]:
    for provider in providers:
        pods = provider.having(cluster, pods, word)
    return pods
