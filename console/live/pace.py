"""How often a region is drawn anew; pure."""

import math
from collections.abc import Iterable

# At most four pictures of a region per second, and fewer of one that takes long: however often it
# is announced it takes no more than this part of a processor.
INTERVAL, PART = 0.25, 0.1
# News never waits longer than this for its turn.
LONGEST = 0.5
# Regions that are drawn anew by the clock take this share of a processor together at most: the more
# there are, the less often each comes round. What is announced is drawn at once all the same.
SHARE = 0.25


def turn(drawn_at: float, cost: float, now: float) -> float:
    """When a region is drawn again that was drawn then, and took so much processor time.

    At once after a quiet while; else at moments that all regions have in common, so that those of a
    page share what is read for them.
    """
    pause = max(INTERVAL, min(cost / PART, LONGEST))
    if drawn_at + pause <= now:
        return now
    return math.ceil((drawn_at + pause) / INTERVAL) * INTERVAL


def stretch(costs: Iterable[tuple[float, float]]) -> float:
    """How many times rarer than every so many seconds regions of these costs may be drawn."""
    return max(1.0, sum(cost / every for cost, every in costs) / SHARE)
