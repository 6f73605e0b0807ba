"""What the room above has to say on top of a workload's page.

`services` appends its answer when it starts; this room cannot ask it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.models import Cluster
from workloads.models import Workload


@dataclass(frozen=True)
class Note:
    """A callout in the reader's language: what is so, the numbers, and what to do."""

    tone: str
    title: str
    text: str
    fix: str = ""


type Provider = Callable[[Cluster, Workload], Sequence[Note]]

providers: list[Provider] = []


def notes(cluster: Cluster, workload: Workload) -> list[Note]:
    return [one for provider in providers for one in provider(cluster, workload)]
