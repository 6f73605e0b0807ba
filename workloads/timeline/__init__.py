"""What became of a Pod, stage by stage, and what a rollout is made of; pure.

`stages` turns moments into durations and says what a Pod waits for; `kubernetes` reads the moments
off a Pod; `waves` knows how fast a rollout can be. Storing them is `workloads.history`'s.
"""

from workloads.timeline.stages import (
    TOLERANCE,
    WAY_IN,
    WAY_OUT,
    Expected,
    Source,
    Span,
    Stage,
    Stamp,
    Stamps,
    Waiting,
    refined,
    slowest,
    stages,
    waiting,
)

__all__ = [
    "TOLERANCE",
    "WAY_IN",
    "WAY_OUT",
    "Expected",
    "Source",
    "Span",
    "Stage",
    "Stamp",
    "Stamps",
    "Waiting",
    "refined",
    "slowest",
    "stages",
    "waiting",
]
