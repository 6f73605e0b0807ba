"""The traffic guard: stops a rollout when a Service has fewer healthy targets than it asked for.

Opt-in per Service by annotation. `decide` is pure, `watch` is called by the health poll, `act`
holds the rollout once per revision, `setting` reads and writes the annotation.
"""

from services.guard.setting import ANNOTATION
from services.guard.watch import hurry, look, wake

__all__ = ["ANNOTATION", "hurry", "look", "wake"]
