"""The index: what runs, kept by the watcher; disposable and rebuilt from a list."""

from typing import ClassVar

from django.db import models

from console.models import Cluster


class Object(models.Model):
    """What every indexed object has. Rows come from `workloads.index`, never from a view."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    uid = models.CharField(max_length=64)
    namespace = models.CharField(max_length=63)
    name = models.CharField(max_length=253)
    resource_version = models.CharField(max_length=32)
    created_at = models.DateTimeField()
    labels = models.JSONField(default=dict)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class Pod(Object):
    ip = models.GenericIPAddressField(null=True)
    node = models.CharField(max_length=253, blank=True)
    # The word kubectl would print: Running, Pending, Terminating, CrashLoopBackOff, ...
    status = models.CharField(max_length=64)
    ready = models.BooleanField(default=False)
    containers_ready = models.BooleanField(default=False)
    terminating = models.BooleanField(default=False)
    host_network = models.BooleanField(default=False)
    # "eni", "route", "host" or "overlay": how the Pod's address reaches the VPC.
    network_mode = models.CharField(max_length=8, blank=True)
    restarts = models.PositiveIntegerField(default=0)
    # The workload on top: a Pod of a ReplicaSet of a Deployment belongs to the Deployment.
    workload_kind = models.CharField(max_length=32, blank=True)
    workload_name = models.CharField(max_length=253, blank=True)
    revision = models.CharField(max_length=64, blank=True)
    # [{"type", "status": "True"|"False"|"missing", "reason", "message", "since"}]
    gates = models.JSONField(default=list)
    gates_open = models.BooleanField(default=True)
    # [{"type", "status", "reason", "message", "since"}] and [{"name", "image", "ready", ...}]
    conditions = models.JSONField(default=list)
    containers = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cluster", "uid"], name="pod_uid"),
        ]
        indexes: ClassVar = [
            # One per order of the Pods page, so that no page of it ever sorts 10,000 rows; the
            # first also holds all that a search looks at.
            models.Index(fields=["cluster", "name", "namespace", "ip", "node"]),
            models.Index(fields=["cluster", "namespace", "name"]),
            models.Index(fields=["cluster", "status", "name"]),
            models.Index(fields=["cluster", "ready", "name"]),
            models.Index(fields=["cluster", "gates_open", "name"]),
            models.Index(fields=["cluster", "node", "name"]),
            models.Index(fields=["cluster", "restarts", "name"]),
            models.Index(fields=["cluster", "workload_kind", "workload_name", "name"]),
            models.Index(fields=["cluster", "created_at"]),
            models.Index(fields=["cluster", "ip"]),
        ]


class Workload(Object):
    """A Deployment, StatefulSet or DaemonSet."""

    kind = models.CharField(max_length=32)
    replicas = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    ready = models.PositiveIntegerField(default=0)
    available = models.PositiveIntegerField(default=0)
    # progressing, complete, paused, stuck; from `workloads.rollouts`.
    rollout = models.CharField(max_length=16)
    rollout_message = models.TextField(blank=True)
    paused = models.BooleanField(default=False)
    host_network = models.BooleanField(default=False)
    network_mode = models.CharField(max_length=8, blank=True)
    # Of the Pod template: what a Service selects by, and the gates new Pods get from it.
    template_labels = models.JSONField(default=dict)
    template_gates = models.JSONField(default=list)
    selector = models.JSONField(default=dict)
    # [{"name", "image", "ports": [{"name", "port", "protocol"}]}]
    containers = models.JSONField(default=list)
    strategy = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cluster", "uid"], name="workload_uid"),
        ]
        indexes: ClassVar = [models.Index(fields=["cluster", "kind", "namespace", "name"])]


class Service(Object):
    """A Kubernetes Service as the list shows it; the Binding beside it is in `services`."""

    type = models.CharField(max_length=32)
    cluster_ip = models.CharField(max_length=64, blank=True)
    # Address of status.loadBalancer or of the annotation podgate.dev/vip.
    vip = models.CharField(max_length=255, blank=True)
    selector = models.JSONField(default=dict)
    ports = models.JSONField(default=list)
    annotations = models.JSONField(default=dict)
    load_balancer_class = models.CharField(max_length=253, blank=True)
    terminating = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cluster", "uid"], name="service_uid"),
        ]
        indexes: ClassVar = [models.Index(fields=["cluster", "namespace", "name"])]


class Watch(models.Model):
    """How far the watcher is with one kind of one cluster."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    kind = models.CharField(max_length=32)
    # By which rules its rows were made: other rules make all of them again.
    rules = models.CharField(max_length=64, blank=True)
    synced_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cluster", "kind"], name="watch_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.cluster_id} {self.kind}"


class Watcher(models.Model):
    """A watcher process that is alive until then; all of them share the clusters."""

    name = models.CharField(max_length=128, unique=True)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class WatchLease(models.Model):
    """One watcher per cluster, by conditional UPDATE on the database's clock."""

    cluster = models.OneToOneField(Cluster, on_delete=models.CASCADE)
    holder = models.CharField(max_length=128, blank=True)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.cluster_id} {self.holder}"
