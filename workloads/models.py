"""The index: what runs, kept by the watcher; disposable and rebuilt from a list.

And what no rebuild touches: the timeline of Pods, rollouts, and the counts of healthy targets.
"""

from typing import ClassVar

from django.db import models

from console.models import Cluster


class Object(models.Model):
    """What every indexed object has. Rows come from `workloads.index`, never from a view."""

    # No index of its own: each of the others begins with it.
    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, db_index=False)
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
    gated = models.BooleanField(default=False)
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
            # Of these the Pods are counted that a filter leaves.
            models.Index(fields=["cluster", "gated", "gates_open", "name"]),
            models.Index(fields=["cluster", "network_mode", "name"]),
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


class PodTimeline(models.Model):
    """When a Pod reached each stage of its life; durable, and kept after the Pod is gone.

    Written by `workloads.history` alone: the watcher and the binding engine note what they know,
    in any order. A stage keeps the first moment noted.
    """

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    pod_uid = models.CharField(max_length=64)
    namespace = models.CharField(max_length=63, blank=True)
    name = models.CharField(max_length=253, blank=True)
    workload_kind = models.CharField(max_length=32, blank=True)
    workload_name = models.CharField(max_length=253, blank=True)
    revision = models.CharField(max_length=128, blank=True)
    node = models.CharField(max_length=253, blank=True)
    image = models.CharField(max_length=512, blank=True)
    # Whether the Pod has a readiness gate: those without are Ready without a load balancer.
    gated = models.BooleanField(default=False)
    # The word kubectl prints, and why the Pod is not further, as last seen.
    word = models.CharField(max_length=64, blank=True)
    because = models.TextField(blank=True)
    restarts = models.PositiveIntegerField(default=0)

    created_at = models.DateTimeField(null=True)
    scheduled_at = models.DateTimeField(null=True)
    ip_at = models.DateTimeField(null=True)
    containers_ready_at = models.DateTimeField(null=True)
    registered_at = models.DateTimeField(null=True)
    first_healthy_at = models.DateTimeField(null=True)
    gate_at = models.DateTimeField(null=True)
    ready_at = models.DateTimeField(null=True)
    terminating_at = models.DateTimeField(null=True)
    weight_zero_at = models.DateTimeField(null=True)
    drained_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)
    # Who told: of the two stages that have more than one possible source.
    ip_source = models.CharField(max_length=16, blank=True)
    registered_source = models.CharField(max_length=16, blank=True)
    # When it was last written; what is old by this is swept away.
    noted_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cluster", "pod_uid"], name="timeline_of_pod"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["cluster", "namespace", "workload_kind", "workload_name", "created_at"],
                name="timeline_of_workload",
            ),
            models.Index(
                fields=["cluster", "namespace", "workload_kind", "workload_name", "terminating_at"],
                name="timeline_of_leavers",
            ),
            models.Index(fields=["cluster", "namespace", "name"], name="timeline_by_name"),
        ]

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class Rollout(models.Model):
    """One rollout of a workload, running or over; durable."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    kind = models.CharField(max_length=32)
    namespace = models.CharField(max_length=63)
    name = models.CharField(max_length=253)
    workload_uid = models.CharField(max_length=64)
    # What tells one template from the next: Deployment: the revision annotation; StatefulSet:
    # status.updateRevision; DaemonSet: the generation of its template.
    template = models.CharField(max_length=253)
    # Kubernetes' number where it has one, else counted.
    number = models.PositiveIntegerField(default=0)
    # The revision label of the new Pods, once known.
    revision = models.CharField(max_length=128, blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    # complete, superseded or deleted; empty while it runs.
    result = models.CharField(max_length=16, blank=True)
    # Was paused, or exceeded its progress deadline, at some time.
    paused = models.BooleanField(default=False)
    stuck = models.BooleanField(default=False)
    # A user of podgate, else the field manager that wrote the template last.
    started_by = models.CharField(max_length=150, blank=True)
    manager = models.CharField(max_length=128, blank=True)
    cause = models.TextField(blank=True)
    # {"container": "image"}
    images_before = models.JSONField(default=dict)
    images = models.JSONField(default=dict)
    replicas = models.PositiveIntegerField(default=0)
    surge = models.PositiveIntegerField(default=0)
    unavailable = models.PositiveIntegerField(default=0)
    min_ready = models.PositiveIntegerField(default=0)
    # Written when it is over, so that the list of rollouts needs no timelines.
    figures = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["cluster", "kind", "namespace", "name", "started_at"],
                name="rollouts_of_workload",
            ),
            models.Index(fields=["cluster", "finished_at"], name="rollouts_under_way"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name} {self.number}"


class TargetCount(models.Model):
    """How many targets of a listener were healthy and wanted, each time that changed; durable."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    namespace = models.CharField(max_length=63)
    service = models.CharField(max_length=253)
    # As in "TCP:80".
    listener = models.CharField(max_length=16)
    lb_id = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)
    healthy = models.PositiveIntegerField()
    wanted = models.PositiveIntegerField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["cluster", "namespace", "service", "at"], name="counts_of_service")
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.listener}: {self.healthy} of {self.wanted}"
