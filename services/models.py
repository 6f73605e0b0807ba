"""What podgate remembers of its bindings; durable, never touched by an index rebuild."""

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
    # {"Pending": {"at": iso, "note": "...", "times": 1}, ...} of the phases passed on the way to
    # Ready: when each was entered last, and how often.
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


class Registration(models.Model):
    """The target ledger: which Pod a target of a listener was registered for, and its health."""

    binding = models.ForeignKey(Binding, on_delete=models.CASCADE, related_name="registrations")
    lb_id = models.CharField(max_length=64)
    listener_id = models.CharField(max_length=64)
    protocol = models.CharField(max_length=8)
    listener_port = models.PositiveIntegerField()
    ip = models.GenericIPAddressField()
    port = models.PositiveIntegerField()
    weight = models.PositiveIntegerField(default=10)
    pod_uid = models.CharField(max_length=64, db_index=True)
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

    def __str__(self) -> str:
        return f"{self.listener_id} {self.ip}:{self.port}"


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
