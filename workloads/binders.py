"""Who binds a Pod: a question only the room above can answer, asked through this list.

`services` appends its answer when it starts. A gated Pod that nobody names waits for a Service
that does not exist, and its page says so.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from console.models import Cluster
from workloads.models import Pod


@dataclass(frozen=True)
class BoundBy:
    """A Service that binds a Pod: its page, and how far it is in a word."""

    namespace: str
    name: str
    url: str
    word: str = ""
    tone: str = "idle"


type Provider = Callable[[Cluster, Sequence[Pod]], Mapping[str, Sequence[BoundBy]]]

providers: list[Provider] = []


def binders(cluster: Cluster, pods: Sequence[Pod]) -> dict[str, list[BoundBy]]:
    """The Services that bind each Pod, by Pod uid; Pods that nobody binds are left out."""
    found: dict[str, list[BoundBy]] = {}
    for provider in providers:
        for uid, services in provider(cluster, pods).items():
            if services:
                found.setdefault(uid, []).extend(services)
    return found
