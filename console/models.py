"""Accounts, clusters and the audit trail."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _


def lock(row: models.Model) -> None:
    """In a transaction, before deleting a row that others may be adding children to just now.

    Their own commits then wait for ours and fail; without it ours would, on PostgreSQL.
    """
    type(row)._base_manager.select_for_update().filter(pk=row.pk).first()


class Account(models.Model):
    """A Tencent Cloud account and region, with the key podgate uses there."""

    name = models.SlugField(max_length=63, unique=True)
    uin = models.CharField(max_length=32)
    region = models.CharField(max_length=32)
    # Encrypted by `console.secrets`; written by commands, never shown.
    secret_id = models.TextField()
    secret_key = models.TextField()
    # Empty: <service>.tencentcloudapi.com over HTTPS. Else scheme://host[:port] for every service.
    endpoint = models.CharField(max_length=255, blank=True)
    # The endpoint is not Tencent Cloud's own.
    fake = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Binder(models.TextChoices):
    CONSOLE = "console", _("podgate binds")
    TKE = "tke", _("TKE's service-controller binds")


class Claim(models.TextChoices):
    CLASS = "class", _("by class")
    ANNOTATION = "annotation", _("by annotation")


class Cluster(models.Model):
    """A registered cluster: where it is, how it is reached, who binds there."""

    cluster_id = models.CharField(max_length=64, unique=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="clusters")
    server = models.CharField(max_length=255)
    ca_data = models.TextField(blank=True)
    # Encrypted JSON: {"token": ...} or {"client_certificate": ..., "client_key": ...} (PEM).
    credentials = models.TextField()
    binder = models.CharField(max_length=8, choices=Binder, default=Binder.CONSOLE)
    claim = models.CharField(max_length=12, choices=Claim, default=Claim.CLASS)
    # A real cluster with a made-up cloud, declared with --i-know-this-cloud-is-fake: every page of
    # it carries a red banner, because its load balancers do not exist.
    fake_cloud = models.BooleanField(default=False)
    # remove_cluster is at it: nothing new is bound.
    leaving = models.BooleanField(default=False)
    gate_type = models.CharField(max_length=253, default="podgate.dev/clb-ready")
    # An operator declared that a ticket to Tencent Cloud routed the container network: no API
    # shows such a route, and the CLB checks no address behind it.
    ticket_route = models.BooleanField(default=False)
    ticket_route_at = models.DateTimeField(null=True, blank=True)
    ticket_route_by = models.CharField(max_length=150, blank=True)
    # What DescribeClusters and its friends last said, for pages; decisions read it live.
    facts = models.JSONField(default=dict)
    facts_at = models.DateTimeField(null=True)
    facts_error = models.TextField(blank=True)
    # What the watcher last learnt of the API server.
    kubernetes_version = models.CharField(max_length=64, blank=True)
    reachable = models.BooleanField(default=False)
    unreachable_because = models.TextField(blank=True)
    seen_at = models.DateTimeField(null=True)
    # Its last event, and the longest that one took from its arrival into the index, lately.
    event_at = models.DateTimeField(null=True)
    lag = models.FloatField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.cluster_id

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """With everything that hangs on it, while watchers may still be writing."""
        with transaction.atomic():
            lock(self)
            return super().delete(*args, **kwargs)


class Activity(models.Model):
    """One line of the audit trail: who did what to which object, before and after."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    # Empty user: podgate itself did it, on behalf of the Service named.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    username = models.CharField(max_length=150)
    cluster = models.CharField(max_length=64, blank=True, db_index=True)
    verb = models.CharField(max_length=64)
    kind = models.CharField(max_length=64)
    namespace = models.CharField(max_length=63, blank=True)
    name = models.CharField(max_length=253, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    ok = models.BooleanField(default=True)
    message = models.TextField(blank=True)
    kubernetes_request_ids = models.JSONField(default=list)
    cloud_request_ids = models.JSONField(default=list)

    class Meta:
        ordering: ClassVar = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.username} {self.verb} {self.kind} {self.namespace}/{self.name}"


class Preference(models.Model):
    """What a person likes to see on a page, such as the columns of a list."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    key = models.CharField(max_length=64)
    value = models.JSONField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "key"], name="preference_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.key}"
