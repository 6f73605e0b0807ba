"""The traffic guard: which bindings have a floor, and the rollouts it held."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from services.models.binding import Binding


class Guard(models.Model):
    """A guarded binding: how many Pods were wanted when its floor was last met."""

    binding = models.OneToOneField(Binding, on_delete=models.CASCADE, related_name="guard")
    # Empty: never met yet, or fallen below and dealt with; what starts does not fall.
    met_with = models.PositiveIntegerField(null=True)
    # Since when it is below its floor without a rollout that is to blame.
    crossed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.binding)


class Stop(models.Model):
    """What the traffic guard did to a rollout; one per Service and revision, so it acts once."""

    class Outcome(models.TextChoices):
        HELD = "held", _("Held")
        CANNOT = "cannot", _("Cannot be held")
        FAILED = "failed", _("Failed")

    binding = models.ForeignKey(Binding, on_delete=models.CASCADE, related_name="stops")
    kind = models.CharField(max_length=32)
    workload = models.CharField(max_length=253)
    workload_uid = models.CharField(max_length=64, db_index=True)
    revision = models.CharField(max_length=253)
    # When the CLB's word was read, and when the rollout was held.
    at = models.DateTimeField()
    acted_at = models.DateTimeField(null=True)
    # What was seen: the floor as written and in targets, and the listener with fewest.
    floor = models.CharField(max_length=16)
    least = models.PositiveIntegerField()
    healthy = models.PositiveIntegerField()
    wanted = models.PositiveIntegerField()
    listener = models.CharField(max_length=32)
    outcome = models.CharField(max_length=8, choices=Outcome)
    detail = models.TextField(blank=True)
    attempts = models.PositiveIntegerField(default=0)
    # Somebody resumed or rolled back, or it came to its end all the same.
    ended_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["binding", "workload_uid", "revision"], name="guard_acts_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.workload} {self.outcome}"
