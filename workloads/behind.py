"""The Services with a load balancer in front of a workload, as far as its pages need to know them.

`services` appends its answer when it starts; this room cannot ask it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.models import Cluster
from workloads.actions.front import Behind
from workloads.models import Workload


@dataclass(frozen=True)
class Stop:
    """What the traffic guard did to a rollout that is still held, in the reader's language."""

    text: str
    service: str
    url: str
    # Whether there is something to resume: a DaemonSet could not be held.
    is_held: bool = True


type Provider = Callable[[Cluster, Workload], Sequence[Behind]]
type Stops = Callable[[Cluster, Workload], Sequence[Stop]]

providers: list[Provider] = []
stops: list[Stops] = []


def behind(cluster: Cluster, workload: Workload) -> list[Behind]:
    return [one for provider in providers for one in provider(cluster, workload)]


def stopped(cluster: Cluster, workload: Workload) -> list[Stop]:
    return [one for provider in stops for one in provider(cluster, workload)]
