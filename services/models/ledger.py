"""The target ledger: what is registered, what is on its way out, the steps that were taken."""

from typing import ClassVar

from django.db import models

from services.models.binding import Binding


class Registration(models.Model):
    """The target ledger: which Pod a target of a listener was registered for, and its health."""

    binding = models.ForeignKey(
        Binding, on_delete=models.CASCADE, related_name="registrations", db_index=False
    )
    lb_id = models.CharField(max_length=64)
    listener_id = models.CharField(max_length=64)
    protocol = models.CharField(max_length=8)
    listener_port = models.PositiveIntegerField()
    ip = models.GenericIPAddressField()
    port = models.PositiveIntegerField()
    weight = models.PositiveIntegerField(default=10)
    pod_uid = models.CharField(max_length=64)
    pod_name = models.CharField(max_length=253)
    # Written before the call; `registered_at` is set once the target was read back.
    intended_at = models.DateTimeField()
    registered_at = models.DateTimeField(null=True)
    weight_zero_at = models.DateTimeField(null=True)
    # Alive, Dead, Unknown, Close, or empty when never read; the CLB's words.
    health = models.CharField(max_length=16, blank=True)
    health_since = models.DateTimeField(null=True)
    first_healthy_at = models.DateTimeField(null=True)
    health_message = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["lb_id", "listener_id", "ip", "port"], name="target_once_per_listener"
            ),
        ]
        indexes: ClassVar = [
            # Pods are found by their health without a look at the rows.
            models.Index(fields=["binding", "health", "pod_uid"], name="targets_by_health"),
            models.Index(fields=["pod_uid", "binding"], name="targets_of_pod"),
        ]

    def __str__(self) -> str:
        return f"{self.listener_id} {self.ip}:{self.port}"

    @property
    def place(self) -> tuple[str, str, int]:
        return (self.listener_id, self.ip, self.port)


class Drain(models.Model):
    """One target on its way out: that the CLB let go of it before its Pod's sockets closed.

    Outlives the Registration; times of the cluster and of the CLB are never closer than 2 s.
    """

    binding = models.ForeignKey(Binding, on_delete=models.CASCADE, related_name="drains")
    pod_uid = models.CharField(max_length=64)
    pod_name = models.CharField(max_length=253)
    # "TCP:80 10.0.0.7:8080"
    target = models.CharField(max_length=128)
    # When the Pod's deletion was asked for, and the soonest its sockets may close after that:
    # the end of preStop, None when its template does not tell.
    deleted_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)
    # When the CLB had acknowledged weight 0, the containers had ended, the target was gone.
    weight_zero_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    deregistered_at = models.DateTimeField(null=True)
    began_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering: ClassVar = ["-began_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["binding", "pod_uid", "target"], name="drain_once"),
        ]

    def __str__(self) -> str:
        return f"{self.pod_name} {self.target}"


class StepTaken(models.Model):
    """One step at the load balancer or the cluster, as the Service's page tells it."""

    binding = models.ForeignKey(Binding, on_delete=models.CASCADE, related_name="steps")
    at = models.DateTimeField(db_index=True)
    text = models.TextField()
    note = models.TextField(blank=True)
    api_call = models.CharField(max_length=64)
    request_id = models.CharField(max_length=64, blank=True)
    took = models.FloatField(default=0)
    ok = models.BooleanField(default=True)
    result = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-at", "-id"]

    def __str__(self) -> str:
        return self.text
