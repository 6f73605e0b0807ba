"""The access layer of a cluster: its webhook's settings, keys and standing, and its repairs."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from console.models import Cluster


class FailurePolicy(models.TextChoices):
    IGNORE = "Ignore", _("Ignore: Pods start without a gate while the webhook is down")
    FAIL = "Fail", _("Fail: Pods of these namespaces do not start while the webhook is down")


class AccessLayer(models.Model):
    """A cluster's webhook: its settings, its keys, and how it stands. Kept by `admission`."""

    cluster = models.OneToOneField(Cluster, on_delete=models.CASCADE, related_name="access_layer")

    # Settings: https://host[:port] by which API servers reach us, or an in-cluster Service as
    # namespace/name; both empty: PODGATE_WEBHOOK_ADDRESS and our own port.
    url = models.CharField(max_length=255, blank=True)
    service = models.CharField(max_length=317, blank=True)
    failure_policy = models.CharField(
        max_length=8, choices=FailurePolicy, default=FailurePolicy.IGNORE
    )
    # PEM of the CA that API servers' client certificates must be signed by; empty: none is asked.
    client_ca = models.TextField(blank=True)
    # The port served on, once it is known.
    port = models.PositiveIntegerField(default=0)

    # Keys and the path's secret are encrypted by `console.secrets`.
    secret = models.TextField(blank=True)
    ca_certificate = models.TextField(blank=True)
    ca_key = models.TextField(blank=True)
    # A rotation: the CA to come is trusted first; the one that was, until the new one is proven.
    next_ca_certificate = models.TextField(blank=True)
    next_ca_key = models.TextField(blank=True)
    old_ca_certificate = models.TextField(blank=True)
    ca_step_at = models.DateTimeField(null=True)
    certificate = models.TextField(blank=True)
    key = models.TextField(blank=True)
    renew_wanted = models.BooleanField(default=False)
    check_wanted_at = models.DateTimeField(null=True)

    # How it stands, as the webhook's process last said.
    alive_at = models.DateTimeField(null=True)
    registered_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    # Why it is not registered, or cannot be looked at; empty when all is well.
    trouble = models.TextField(blank=True)
    # Another writer that does not give in.
    warning = models.TextField(blank=True)
    namespaces = models.JSONField(default=list)
    probe_ok = models.BooleanField(null=True)
    probe_at = models.DateTimeField(null=True)
    probe_seconds = models.FloatField(default=0)
    # The API server's own words.
    probe_message = models.TextField(blank=True)
    # What was proven to work: address, bundle and certificate, as one fingerprint.
    proven = models.CharField(max_length=64, blank=True)
    injected = models.PositiveBigIntegerField(default=0)
    skipped = models.PositiveBigIntegerField(default=0)
    failed = models.PositiveBigIntegerField(default=0)
    # The same by minute, of the last hour: [[minute since 1970, injected, skipped, failed], ...].
    lately = models.JSONField(default=list)
    last_admission_at = models.DateTimeField(null=True)
    last_injected_at = models.DateTimeField(null=True)
    latency_p99 = models.FloatField(default=0)

    def __str__(self) -> str:
        return f"podgate-{self.cluster.cluster_id}"


class Repair(models.Model):
    """A damage of the access layer and what became of it."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="repairs")
    at = models.DateTimeField(db_index=True)
    # A word of `admission.damage.What`, and where it was.
    what = models.CharField(max_length=32)
    field = models.CharField(max_length=255, blank=True)
    manager = models.CharField(max_length=128, blank=True)
    # Start, Watch, Sweep or Check.
    found_by = models.CharField(max_length=8)
    took = models.FloatField(default=0)
    ok = models.BooleanField(default=True)
    message = models.TextField(blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        ordering: ClassVar = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.what} {self.field}"
