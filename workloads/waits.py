"""What Pods wait for beyond Kubernetes: a question only the room above can answer.

`services` appends its answer when it starts. A page prints a line with `workloads/wait.html`, which
goes on counting by itself where there is something to count.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from console.models import Cluster
from workloads.health import Health
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
    # Whether there is a Service that binds it at all.
    is_bound: bool = True


type Seen = Mapping[str, Health] | None
type Provider = Callable[[Cluster, Sequence[Pod], Seen], Mapping[str, WaitLine]]

providers: list[Provider] = []


def waits_of(cluster: Cluster, pods: Sequence[Pod], seen: Seen = None) -> dict[str, WaitLine]:
    """By Pod uid; Pods that wait for nothing are left out.

    `seen`: how load balancers see all of these Pods, where that was asked already.
    """
    found: dict[str, WaitLine] = {}
    for provider in providers:
        found |= provider(cluster, pods, seen)
    return found
