"""What Pods wait for beyond Kubernetes: a question only the room above can answer.

`services` appends its answer when it starts. A page prints a line with `workloads/wait.html`, which
goes on counting by itself where there is something to count.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from console.models import Cluster
from workloads.models import Pod


@dataclass(frozen=True)
class WaitLine:
    """`text` as of now, translated. `pattern` has {n} and {left} for what changes by the second:
    probes of `interval` seconds made since `since`, or the seconds until `until`.
    """

    cause: str
    tone: str
    text: str
    pattern: str = ""
    since: datetime | None = None
    interval: int = 0
    probes: int = 0
    until: datetime | None = None


type Provider = Callable[[Cluster, Sequence[Pod]], Mapping[str, WaitLine]]

providers: list[Provider] = []


def waits_of(cluster: Cluster, pods: Sequence[Pod]) -> dict[str, WaitLine]:
    """By Pod uid; Pods that wait for nothing are left out."""
    found: dict[str, WaitLine] = {}
    for provider in providers:
        found |= provider(cluster, pods)
    return found
