"""A claimed Service's Binding, and what outlives it: its tokens, leases, our own name."""

import uuid
from typing import Any, ClassVar

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from console.models import Cluster, lock


class Phase(models.TextChoices):
    PENDING = "Pending", _("Pending")
    PROVISIONING = "Provisioning", _("Provisioning")
    REGISTERING = "Registering", _("Registering")
    CHECKING = "Checking", _("Checking")
    READY = "Ready", _("Ready")
    DEGRADED = "Degraded", _("Degraded")
    BLOCKED = "Blocked", _("Blocked")
    DELETING = "Deleting", _("Deleting")


class Binding(models.Model):
    """One claimed Service and how far its load balancer has come."""

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="bindings")
    service_uid = models.CharField(max_length=64)
    namespace = models.CharField(max_length=63)
    name = models.CharField(max_length=253)
    # TKE's service-controller binds it; podgate only looks.
    watched = models.BooleanField(default=False)
    phase = models.CharField(max_length=16, choices=Phase, default=Phase.PENDING)
    phase_since = models.DateTimeField()
    message = models.TextField(blank=True)
    # [{"code", "severity", "message", "fix"}]
    problems = models.JSONField(default=list)
    # {"Pending": {"at": iso, "note": "...", "took": seconds}, ...}: each phase as it was last gone
    # through; the one it is in has taken nothing yet.
    passed = models.JSONField(default=dict)

    # The load balancer: its id once known, whose account and region it is in, its address.
    lb_id = models.CharField(max_length=64, blank=True, db_index=True)
    lb_uin = models.CharField(max_length=32, blank=True)
    lb_region = models.CharField(max_length=32, blank=True)
    # "creating", "running", "missing" (once read as gone), or empty: never seen yet.
    lb_status = models.CharField(max_length=32, blank=True)
    lb_status_at = models.DateTimeField(null=True)
    # RequestId of the CreateLoadBalancer that is under way.
    lb_task = models.CharField(max_length=64, blank=True)
    vip = models.CharField(max_length=255, blank=True)
    finalized = models.BooleanField(default=False)
    # Ids of other load balancers that carry our tags for this Service.
    extra = models.JSONField(default=list)

    # A trigger raises `wanted`; a run that saw `wanted == n` to the end sets `done = n`.
    wanted = models.PositiveBigIntegerField(default=1)
    done = models.PositiveBigIntegerField(default=0)
    # When its task was last put on the queue; a message that got lost is sent again.
    sent_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True, db_index=True)
    due_because = models.TextField(blank=True)
    attempts = models.PositiveIntegerField(default=0)
    health_due_at = models.DateTimeField(null=True, db_index=True)
    # Seconds after a registration at which a good target is Alive: interval x healthy threshold.
    first_look = models.FloatField(default=0)
    # {"TCP:80": {"type", "interval", "timeout", "healthy", "unhealthy", "path", "domain"}}: the
    # health check of each listener, as it was last wanted; empty of one without a check.
    checks = models.JSONField(default=dict)
    # When gates are to be written: news, Pods that are new, a write that failed, words held back.
    gates_due_at = models.DateTimeField(null=True, db_index=True)
    # Since when a crowd of its Pods is to be told why they wait.
    explain_due_at = models.DateTimeField(null=True, db_index=True)
    observed_at = models.DateTimeField(null=True)
    health_at = models.DateTimeField(null=True)
    # [{"pod", "ip", "reason", "message"}]: selected Pods that are not targets, and why.
    excluded = models.JSONField(default=list)
    # The use limits as last judged (`services.limits.kept`), when, and of which `wanted`.
    limits = models.JSONField(default=list)
    limits_at = models.DateTimeField(null=True)
    limits_seen = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cluster", "service_uid"], name="binding_of_service"),
        ]
        indexes: ClassVar = [models.Index(fields=["cluster", "namespace", "name"])]

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """With its ledger and its steps, while a worker may still be writing them."""
        with transaction.atomic():
            lock(self)
            return super().delete(*args, **kwargs)


class Installation(models.Model):
    """This podgate, as the ConfigMap podgate-system/podgate-owner names it; one row."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.uid)


class Token(models.Model):
    """Number of a Service's next load balancer: its ClientToken is `<Service uid>-<number>`.

    Outlives the Binding: a token that was used once would give back a load balancer long gone.
    """

    service_uid = models.CharField(max_length=64, unique=True)
    number = models.PositiveIntegerField(default=0)
    # The load balancer that a release left in the cloud: the sweep of orphans lets it be.
    released = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.service_uid}-{self.number}"


class Lease(models.Model):
    """One writer per load balancer, by conditional UPDATE on the database's clock."""

    key = models.CharField(max_length=128, unique=True)
    holder = models.CharField(max_length=128, blank=True)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return self.key
