"""The evidence bundle: everything a ticket needs about one stuck object, in one zip, no secrets.

Values of environment variables are left out: nobody can tell which of them are secrets. Secrets
and ConfigMaps are not read at all.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields, is_dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.utils import timezone

from console import kube, secrets
from console.kube import KubeError
from console.models import Activity, Cluster
from console.tencent import CloudError
from services.binding import clb
from services.diagnosis import reads
from services.diagnosis.facts import PodFacts
from services.diagnosis.finding import Ref
from services.diagnosis.look import WORKLOADS, Look
from services.diagnosis.serving import binding_of
from services.explained import as_json, as_text
from services.models import Binding
from workloads import folded
from workloads.models import Pod, PodTimeline, Service

# So many Pods, timelines, steps and lines of the activity log are enough for a ticket.
PODS, TIMELINES, STEPS, LINES = 20, 200, 500, 200
HIDDEN = "[left out]"
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def bundle(cluster: Cluster, look: Look) -> bytes:
    """The zip; a part that cannot be read says so in its place."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, make in _parts(cluster, look):
            archive.writestr(name, secrets.scrub(_made(make)))
    return memory.getvalue()


def filename(cluster: Cluster, look: Look) -> str:
    at = timezone.now().strftime("%Y%m%dT%H%M%SZ")
    return f"{cluster.cluster_id}-{look.kind.lower()}-{look.namespace}-{look.name}-{at}.zip"


def _made(make: Callable[[], str]) -> str:
    try:
        return make()
    except (KubeError, CloudError, secrets.Unreadable) as error:
        return f"Could not be read: {error}\n"


def _parts(cluster: Cluster, look: Look) -> Iterator[tuple[str, Callable[[], str]]]:
    bindings = _bindings(cluster, look)
    yield "README.txt", lambda: _readme(cluster, look)
    yield "diagnosis.txt", lambda: as_text(cluster, look)
    yield "diagnosis.json", lambda: _json(as_json(cluster, look))
    for ref in _objects(cluster, look, bindings):
        name = f"manifests/{ref.kind.lower()}-{ref.namespace}-{ref.name}.yaml"
        yield name, lambda ref=ref: _manifest(cluster, ref)  # type: ignore[misc]
    yield "events.json", lambda: _events(cluster, look)
    yield "timeline.json", lambda: _json(_timelines(cluster, look))
    yield "activity.json", lambda: _json(_activity(cluster, look))
    for binding in bindings:
        where = f"services/{binding.namespace}-{binding.name}"
        yield f"{where}/binding.json", lambda one=binding: _json(_binding(one))  # type: ignore[misc]
        yield f"{where}/steps.json", lambda one=binding: _json(_steps(one))  # type: ignore[misc]
        yield f"{where}/targets.json", lambda one=binding: _json(_ledger(one))  # type: ignore[misc]
        if binding.lb_id:
            yield f"{where}/clb.json", lambda one=binding: _json(_clb(one))  # type: ignore[misc]


def _readme(cluster: Cluster, look: Look) -> str:
    return (
        f"{look.kind} {look.namespace}/{look.name} of {cluster.cluster_id}, "
        f"{timezone.now().isoformat(timespec='seconds')}, collected by podgate.\n\n"
        "diagnosis    what podgate finds, with evidence\n"
        "manifests    as they were in the cluster; values of environment variables are left out\n"
        "events       Kubernetes Events of the object and its Pods\n"
        "timeline     when each Pod reached which stage\n"
        "services     binding, steps with request ids, target ledger, and the CLB as it answered\n"
        "activity     what was done with podgate\n"
    )


def _bindings(cluster: Cluster, look: Look) -> list[Binding]:
    if look.kind == "Service":
        found = binding_of(cluster, look.namespace, look.name)
        return [found] if found else []
    facts = [look.facts] if isinstance(look.facts, PodFacts) else list(look.facts.pods)
    names = {way.service for one in facts for way in one.ways}
    rows = Binding.objects.filter(cluster=cluster, namespace=look.namespace)
    return [one for one in rows.select_related("cluster__account") if str(one) in names]


def _objects(cluster: Cluster, look: Look, bindings: list[Binding]) -> list[Ref]:
    """It, its Pods or its workload, and the Services in front of it."""
    found = [Ref(look.kind, look.namespace, look.name)]
    pods = [look.facts.pod] if look.kind == "Pod" else [one.pod for one in look.facts.pods[:PODS]]
    found += [Ref("Pod", pod.namespace, pod.name) for pod in pods]
    found += [
        Ref(pod.workload_kind, pod.namespace, pod.workload_name)
        for pod in pods
        if pod.workload_kind in WORKLOADS
    ]
    found += [Ref("Service", one.namespace, one.name) for one in bindings]
    found += [Ref("Node", "", pod.node) for pod in pods if pod.node]
    for one in bindings:
        row = Service.objects.filter(cluster=cluster, uid=one.service_uid).first()
        name = (row.annotations if row else {}).get("service.cloud.tencent.com/tke-service-config")
        found += [Ref("TkeServiceConfig", one.namespace, name)] if name else []
    return list(dict.fromkeys(found))


def _manifest(cluster: Cluster, ref: Ref) -> str:
    found = kube.connect(cluster).get(kube.path(ref.kind, ref.namespace, ref.name))
    return folded.dump(without_secrets(found))


def without_secrets(manifest: Any) -> Any:
    """Values of env, what kubectl applied last, and managedFields are taken out, at any depth."""
    if isinstance(manifest, list):
        return [without_secrets(one) for one in manifest]
    if not isinstance(manifest, dict):
        return manifest
    kept = {
        key: without_secrets(value)
        for key, value in manifest.items()
        if key not in {"managedFields", _APPLIED}
    }
    if isinstance(env := kept.get("env"), list):
        kept["env"] = [
            one | {"value": HIDDEN} if isinstance(one, dict) and "value" in one else one
            for one in env
        ]
    return secrets.scrubbed(kept)


def _events(cluster: Cluster, look: Look) -> str:
    door, where = kube.connect(cluster), kube.path("Event", look.namespace)
    found = door.get(where, limit=reads.MOST_EVENTS)["items"]
    uids = {pod.uid for pod in _pods(cluster, look)} | {_uid(look)}
    about = [event for event in found if _is_about(event, uids, look)]
    return _json([without_secrets(event) for event in about])


def _is_about(event: dict[str, Any], uids: set[str], look: Look) -> bool:
    involved = event.get("involvedObject") or {}
    of_set = involved.get("kind") == "ReplicaSet" and look.kind == "Deployment"
    named = str(involved.get("name", ""))
    return involved.get("uid") in uids or (of_set and named.startswith(f"{look.name}-"))


def _uid(look: Look) -> str:
    if look.kind == "Pod":
        return str(look.facts.pod.uid)
    if look.kind == "Service":
        return ""
    return str(look.facts.row.uid)


def _pods(cluster: Cluster, look: Look) -> list[Any]:
    if look.kind == "Pod":
        return [look.facts.pod]
    if look.kind == "Service":
        return [one.pod for one in look.facts.pods]
    rows = Pod.objects.filter(
        cluster=cluster,
        workload_kind=look.kind,
        namespace=look.namespace,
        workload_name=look.name,
    )
    return list(rows[:TIMELINES])


def _timelines(cluster: Cluster, look: Look) -> list[Any]:
    rows = PodTimeline.objects.filter(cluster=cluster, namespace=look.namespace)
    if look.kind in WORKLOADS:
        rows = rows.filter(workload_kind=look.kind, workload_name=look.name)
    else:
        rows = rows.filter(pod_uid__in=[pod.uid for pod in _pods(cluster, look)])
    return list(rows.order_by("-pk").values()[:TIMELINES])


def _activity(cluster: Cluster, look: Look) -> list[Any]:
    rows = Activity.objects.filter(
        cluster=cluster.cluster_id, namespace=look.namespace, name=look.name
    )
    return list(rows.order_by("-pk").values()[:LINES])


def _binding(binding: Binding) -> dict[str, Any]:
    left_out = {"id", "cluster", "created_at"}
    columns = [f.attname for f in binding._meta.concrete_fields if f.name not in left_out]
    return {name: getattr(binding, name) for name in columns}


def _steps(binding: Binding) -> list[Any]:
    return list(binding.steps.values()[:STEPS])


def _ledger(binding: Binding) -> list[Any]:
    return list(binding.registrations.order_by("pk").values())


def _clb(binding: Binding) -> dict[str, Any]:
    """As the CLB answers now: listeners, targets, and the health of each."""
    observed = reads.observed(binding).ask()
    account = binding.cluster.account
    health = [
        {"lb": lb, "listener": listener, "target": str(target), "said": word}
        for lb, listener, target, word in clb.health(account, [binding.lb_id])
    ]
    return {"observed": _plain(observed), "health": health}


def _plain(value: Any) -> Any:
    """Dataclasses and their keys as JSON has them."""
    if is_dataclass(value) and not isinstance(value, type):
        value = {one.name: getattr(value, one.name) for one in fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | frozenset | set) and not hasattr(value, "_fields"):
        return [_plain(one) for one in value]
    return str(value) if hasattr(value, "_fields") else value


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=_default) + "\n"


def _default(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, msgspec.Struct):
        return msgspec.to_builtins(value)
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)
