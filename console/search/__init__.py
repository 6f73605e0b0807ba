"""Search over all clusters: what was typed, the sources that answer, and the answer in groups.

`console` has no objects of its own to find; each room above adds a source when Django starts.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from console.models import Cluster

# Of each group so many are shown, and at most so many counted.
SHOWN = 6
COUNTED = 200
LONGEST = 100


@dataclass(frozen=True)
class Asked:
    """`text` lower-case; `namespace` when somebody typed namespace/name.

    `near`: the cluster somebody is in, by key, whose objects come first; 0 in none.
    """

    text: str
    namespace: str = ""
    near: int = 0

    @property
    def is_address(self) -> bool:
        """Digits and dots alone: part of an IP, or of a node's name."""
        return bool(self.text) and all(letter.isdigit() or letter == "." for letter in self.text)


@dataclass(frozen=True)
class Hit:
    """One find: where it leads, and a second line of what else is known of it."""

    icon: str
    title: str
    url: str
    note: str = ""
    word: str = ""
    tone: str = "idle"


@dataclass(frozen=True)
class Group:
    """`total`: as far as was counted; `url`: a list with more of them, and what it is called."""

    label: str
    hits: Sequence[Hit]
    total: int
    url: str = ""
    place: str = ""

    @property
    def counted(self) -> str:
        return f"{COUNTED}+" if self.total >= COUNTED else str(self.total)


@dataclass(frozen=True)
class Found:
    groups: Sequence[Group] = ()
    seconds: float = 0.0
    total: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "total", sum(group.total for group in self.groups))

    @property
    def milliseconds(self) -> int:
        return max(1, round(self.seconds * 1000))


type Clusters = Mapping[int, Cluster]
type Source = Callable[[Clusters, Asked], Sequence[Group]]

sources: list[Source] = []


def asked(typed: str) -> Asked | None:
    """What was typed, in the form the indexes know; None for nothing."""
    text = typed.replace("\x00", "").strip().lower()[:LONGEST]
    namespace, slash, name = text.partition("/")
    if slash and namespace:
        return Asked(name.strip(), namespace.strip()) if name.strip() else None
    return Asked(text) if text else None


def find(clusters: Sequence[Cluster], typed: str, near: str = "") -> Found:
    """Everything of that name or address in these clusters; first of the one somebody is in."""
    wanted = asked(typed)
    if wanted is None:
        return Found()
    started = time.monotonic()
    known = {cluster.pk: cluster for cluster in clusters}
    here = next((cluster.pk for cluster in clusters if cluster.cluster_id == near), 0)
    wanted = replace(wanted, near=here)
    groups = [group for source in sources for group in source(known, wanted)]
    return Found([group for group in groups if group.hits], time.monotonic() - started)
