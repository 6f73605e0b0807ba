"""A Service with a load balancer in front of a workload, as the outlook needs to know it; pure."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Behind:
    """One Service: its targets on its fullest listener, and how fast a new one is healthy."""

    namespace: str
    name: str
    url: str
    targets: int = 0
    healthy: int = 0
    # Seconds from a registration until a good target is Alive: interval x healthy threshold.
    first_look: float = 0.0
    bind_seconds: float = 0.0
    # Targets one listener may have; None where it could not be read.
    quota: int | None = None
    # The traffic guard's floor as it is written: a number, a percentage, or nothing.
    floor: str = ""

    def floor_of(self, wanted: int) -> int | None:
        """The floor in targets for so many Pods; None without one."""
        return floor_in_targets(self.floor, wanted)


def floor_in_targets(text: str, wanted: int) -> int | None:
    """ "3" or "60%" of the wanted Pods, rounded up; None for nothing and for nonsense."""
    share = text.strip().removesuffix("%")
    if not share.isascii() or not share.isdecimal():
        return None
    if not text.strip().endswith("%"):
        return int(share)
    return math.ceil(int(share) * wanted / 100) if int(share) <= 100 else None
