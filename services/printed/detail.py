"""One Service as its page prints it."""

from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from console import kinds, kube
from console.models import Cluster
from services import facts
from services.models import Binding, Phase
from services.printed.progress import Stage, stages
from services.printed.rows import as_manifest, port_words
from services.printed.words import (
    PHASE_TONES,
    access_words,
    is_called_out,
    message_words,
    phase_word,
)
from services.spec import CONFIG, ClaimBy, HealthCheck, claimed_by, from_manifest
from services.words import stored
from workloads.index.services import service_row
from workloads.models import Pod, Service, Workload

CONFIG_SECONDS = 5
SHOWN_PODS = 200


@dataclass(frozen=True)
class Detail:
    """`gone`: the Service was deleted while its page was open."""

    namespace: str
    name: str
    service: Service | None
    binding: Binding | None
    phase: str
    tone: str
    stages: tuple[Stage, ...] = ()
    access: str = ""
    ports: tuple[str, ...] = ()
    vip: str = ""
    selector: str = ""
    claim: str = ""
    check: str = ""
    workloads: tuple[tuple[str, str], ...] = ()
    pods: int = 0
    gated: int = 0
    ready: int = 0
    stuck: bool = False
    message: str = ""
    # Selected Pods that are no targets: {"pod", "ip", "reason", "message"}.
    excluded: tuple[dict[str, str], ...] = ()
    # Why it could not even be read whether the Service exists.
    error: str = ""

    @property
    def lb_word(self) -> str:
        word = self.binding.lb_status if self.binding else ""
        words = {"running": _("running"), "creating": _("being created"), "missing": _("missing")}
        return words.get(word, word)

    @property
    def uid(self) -> str:
        """Of this very Service: others had its name before."""
        if self.service:
            return self.service.uid
        return self.binding.service_uid if self.binding else ""

    @property
    def gone(self) -> bool:
        return self.service is None and self.binding is None and not self.error


def detail(cluster: Cluster, namespace: str, name: str) -> Detail:
    """From the index; a Service so new that the index lacks it is read live."""
    service, trouble = _indexed(cluster, namespace, name), ""
    if service is None:
        try:
            service = _read(cluster, namespace, name)
        except kube.KubeError as error:
            trouble = str(error)
    binding = _binding(cluster, namespace, name, service)
    if service is None:
        return _without_service(namespace, name, binding, trouble)
    manifest = as_manifest(service)
    pods = facts.matching(cluster, namespace, service.selector.items())
    phase, tone = _standing(cluster, service, binding, manifest)
    return Detail(
        namespace=namespace,
        name=name,
        service=service,
        binding=binding,
        phase=phase,
        tone=tone,
        message="" if binding is None or is_called_out(binding) else message_words(binding),
        excluded=_excluded(binding),
        stages=tuple(stages(binding, timezone.now())) if binding else (),
        access=access_words(manifest),
        ports=tuple(port_words(port) for port in service.ports),
        vip=(binding.vip if binding else "") or service.vip,
        selector=",".join(f"{key}={value}" for key, value in sorted(service.selector.items())),
        claim=_claim(manifest, binding),
        check=_check(cluster, service, manifest) if binding or claimed_by(manifest) else "",
        workloads=_workloads(cluster, pods) or _idle(cluster, service),
        pods=len(pods),
        gated=sum(any(g["type"] == cluster.gate_type for g in pod.gates) for pod in pods),
        ready=sum(pod.ready for pod in pods),
        stuck=_is_stuck(service, binding),
    )


def _indexed(cluster: Cluster, namespace: str, name: str) -> Service | None:
    rows = Service.objects.filter(cluster=cluster, namespace=namespace, name=name)
    return rows.order_by("-created_at").first()


def _read(cluster: Cluster, namespace: str, name: str) -> Service | None:
    try:
        found = kube.connect(cluster).get(kube.path("Service", namespace, name), kinds.Service)
    except kube.NotFound:
        return None
    row = service_row(found)
    return Service(
        cluster=cluster, **{field: getattr(row, field) for field in row.__struct_fields__}
    )


def _binding(
    cluster: Cluster, namespace: str, name: str, service: Service | None
) -> Binding | None:
    """Of this very Service; without one, of the last that had the name and is still going."""
    rows = Binding.objects.filter(cluster=cluster, namespace=namespace, name=name)
    if service is not None:
        rows = rows.filter(service_uid=service.uid)
    return rows.order_by("-created_at").first()


def _without_service(namespace: str, name: str, binding: Binding | None, trouble: str) -> Detail:
    """The binding outlives its Service while it cleans up."""
    if binding:
        phase, tone = phase_word(binding.phase), PHASE_TONES[binding.phase]
    else:
        phase, tone = (_("Unknown"), "info") if trouble else (_("Gone"), "idle")
    message = "" if binding is None or is_called_out(binding) else message_words(binding)
    return Detail(namespace, name, None, binding, phase, tone, message=message, error=trouble)


def _excluded(binding: Binding | None) -> tuple[dict[str, str], ...]:
    found = binding.excluded if binding else ()
    return tuple(pod | {"message": stored(pod["message"])} for pod in found)


def _standing(
    cluster: Cluster, service: Service, binding: Binding | None, manifest: dict[str, Any]
) -> tuple[str, str]:
    if binding:
        return phase_word(binding.phase), PHASE_TONES[binding.phase]
    if service.terminating:
        return phase_word(Phase.DELETING), "info"
    if claimed_by(manifest) and cluster.binder == "console":
        return phase_word(Phase.PENDING), "info"
    return "", "idle"


def _claim(manifest: dict[str, Any], binding: Binding | None) -> str:
    if binding and binding.watched:
        return _("TKE’s service-controller; podgate only looks")
    owner = claimed_by(manifest)
    if owner is ClaimBy.CLASS:
        return _("class podgate.dev/clb")
    return _("annotation podgate.dev/claim: clb") if owner else ""


def _check(cluster: Cluster, service: Service, manifest: dict[str, Any]) -> str:
    """The health check in words; its TkeServiceConfig is read at most every few seconds."""
    try:
        check = from_manifest(manifest, _config(cluster, service)).health
    except (ValueError, KeyError):
        return ""
    return check_words(check)


def check_words(check: HealthCheck) -> str:
    if not check.enabled:
        return _("Off: bound Pods count as healthy")
    return _(
        "%(type)s, every %(interval)s s, healthy after %(healthy)s, time-out %(timeout)s s"
    ) % {
        "type": check.type.value,
        "interval": check.interval,
        "healthy": check.healthy,
        "timeout": check.timeout,
    }


def _config(cluster: Cluster, service: Service) -> dict[str, Any] | None:
    name = service.annotations.get(CONFIG)
    if not name:
        return None
    key = f"config:{cluster.pk}:{service.namespace}:{name}:{service.resource_version}"
    found: dict[str, Any] | None = cache.get(key)
    if found is None:
        where = kube.path("TkeServiceConfig", service.namespace, name)
        try:
            found = kube.connect(cluster).get(where)
        except kube.KubeError:
            found = {}
        cache.set(key, found, CONFIG_SECONDS)
    return found or None


def _workloads(cluster: Cluster, pods: list[Pod]) -> tuple[tuple[str, str], ...]:
    """The workloads on top of the selected Pods: words and address."""
    found = sorted({(pod.workload_kind, pod.workload_name, pod.namespace) for pod in pods})
    return tuple(
        (f"{kind} {name}", _workload_url(cluster, kind, namespace, name))
        for kind, name, namespace in found
        if name
    )


def _idle(cluster: Cluster, service: Service) -> tuple[tuple[str, str], ...]:
    """Without Pods: the workloads whose Pods it would select."""
    rows = Workload.objects.filter(cluster=cluster, namespace=service.namespace)
    return tuple(
        (f"{row.kind} {row.name}", _workload_url(cluster, row.kind, row.namespace, row.name))
        for row in rows.order_by("kind", "name")
        if service.selector and service.selector.items() <= row.template_labels.items()
    )


def _workload_url(cluster: Cluster, kind: str, namespace: str, name: str) -> str:
    if kind not in {"Deployment", "StatefulSet", "DaemonSet"}:
        return ""
    return reverse("workload", args=[cluster.cluster_id, kind.lower(), namespace, name])


def _is_stuck(service: Service, binding: Binding | None) -> bool:
    """A deletion that waits for the user, so that releasing it may be offered."""
    if binding is None or binding.watched or not service.terminating:
        return False
    blocked = any(problem["severity"] == "blocks" for problem in binding.problems)
    waited = (timezone.now() - binding.phase_since).total_seconds()
    return blocked or (binding.phase == Phase.DELETING and waited > STUCK_SECONDS)


# Drain, deregister and delete take well under a minute when nothing is wrong.
STUCK_SECONDS = 60
