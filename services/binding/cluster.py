"""What the binding engine reads and writes in the cluster, each write checked against what is."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from console import kinds
from console.kube import Conflict, Kube, NotFound, path
from console.models import Cluster
from services.models import Installation
from services.spec import (
    FINALIZER,
    VIP,
    ClaimBy,
    Protocol,
    ServiceSpec,
    config_name,
    from_manifest,
)

OWNER_NAMESPACE, OWNER, RELEASED = "podgate-system", "podgate-owner", "podgate-released"
TKE_FINALIZER = "service.k8s.tencent/resources"
TKE_ANNOTATIONS = (
    "service.kubernetes.io/loadbalance-id",
    "service.cloud.tencent.com/sync-begin-time",
)

type Service = dict[str, Any]


def service(kube: Kube, namespace: str, name: str, uid: str = "") -> Service | None:
    """The Service, live; None when it is gone or another one has its name now."""
    try:
        found = kube.get(path("Service", namespace, name))
    except NotFound:
        return None
    return found if uid in {"", found["metadata"]["uid"]} else None


def config(kube: Kube, of: Service) -> dict[str, Any] | None:
    """The TkeServiceConfig a Service refers to; NotFound when it is missing."""
    name = config_name(of)
    return kube.get(path("TkeServiceConfig", of["metadata"]["namespace"], name)) if name else None


def pods(
    kube: Kube, namespace: str, spec: ServiceSpec | None, known: Iterable[tuple[str, str]]
) -> list[kinds.Pod]:
    """The Pods a spec selects, and those known by (name, uid) that it selects no more."""
    found: dict[str, kinds.Pod] = {}
    if spec and spec.selector:
        selector = ",".join(f"{key}={value}" for key, value in spec.selector)
        where = path("Pod", namespace)
        for page in kube.pages(where, kinds.List[kinds.Pod], labelSelector=selector):
            found |= {pod.metadata.uid: pod for pod in page.items}
    for name, uid in known:
        if uid not in found and (pod := _pod(kube, namespace, name, uid)):
            found[uid] = pod
    return list(found.values())


def _pod(kube: Kube, namespace: str, name: str, uid: str) -> kinds.Pod | None:
    try:
        pod = kube.get(path("Pod", namespace, name), kinds.Pod)
    except NotFound:
        return None
    return pod if pod.metadata.uid == uid else None


def last_spec(of: Service | None) -> ServiceSpec | None:
    """What can be read of a Service, ports that no CLB has left out; None when nothing can."""
    if of is None:
        return None
    known = [p for p in of["spec"].get("ports", ()) if p.get("protocol", "TCP") in {*Protocol}]
    try:
        return from_manifest(of | {"spec": of["spec"] | {"ports": known}})
    except (ValueError, TypeError, KeyError):
        return None


def is_deleting(of: Service) -> bool:
    return bool(of["metadata"].get("deletionTimestamp"))


def has_finalizer(of: Service) -> bool:
    return FINALIZER in of["metadata"].get("finalizers", ())


def tke_mark(of: Service) -> str:
    """What tells that TKE's controller works on this Service, or nothing."""
    metadata = of["metadata"]
    if TKE_FINALIZER in metadata.get("finalizers", ()):
        return f"finalizer {TKE_FINALIZER}"
    annotations = metadata.get("annotations") or {}
    return next((f"annotation {name}" for name in TKE_ANNOTATIONS if name in annotations), "")


def load_balancer_of_tke(of: Service) -> str:
    """The id that TKE's controller wrote on the Service; empty until it has."""
    return str((of["metadata"].get("annotations") or {}).get(TKE_ANNOTATIONS[0], ""))


def add_finalizer(kube: Kube, of: Service) -> Service:
    """Write it and read it back: nothing is made in the cloud before it stands."""
    _set_finalizers(kube, of, [*of["metadata"].get("finalizers", ()), FINALIZER])
    metadata = of["metadata"]
    written = service(kube, metadata["namespace"], metadata["name"], metadata["uid"])
    if written is None or not has_finalizer(written):
        raise Conflict(409, "Conflict", "the finalizer was not there when read back")
    return written


def remove_finalizer(kube: Kube, of: Service) -> None:
    rest = [name for name in of["metadata"].get("finalizers", ()) if name != FINALIZER]
    _set_finalizers(kube, of, rest)


def _set_finalizers(kube: Kube, of: Service, finalizers: list[str]) -> None:
    metadata = of["metadata"]
    body = {
        "metadata": {
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
            "finalizers": finalizers,
        }
    }
    kube.patch(path("Service", metadata["namespace"], metadata["name"]), body, kind="merge")


def publish(kube: Kube, of: Service, address: str, *, claim: ClaimBy, ip_mode: bool) -> bool:
    """Show the address where users of the claim look for it; answers whether it was written."""
    metadata = of["metadata"]
    where = path("Service", metadata["namespace"], metadata["name"])
    # Another Service may have this name by now.
    same = {"uid": metadata["uid"]}
    if claim is ClaimBy.ANNOTATION:
        if (metadata.get("annotations") or {}).get(VIP, "") == address:
            return False
        body: dict[str, Any] = {"metadata": same | {"annotations": {VIP: address or None}}}
        kube.patch(where, body, kind="merge")
        return True
    ingress = _ingress(address, ip_mode=ip_mode)
    if _shown(of) == ingress:
        return False
    body = {"metadata": same, "status": {"loadBalancer": {"ingress": ingress}}}
    kube.patch(f"{where}/status", body, kind="merge")
    return True


def _ingress(address: str, *, ip_mode: bool) -> list[dict[str, str]]:
    if not address:
        return []
    if not address.replace(".", "").isdigit() and ":" not in address:
        return [{"hostname": address}]
    # Proxy keeps ipvs nodes from swallowing the VIP.
    return [{"ip": address} | ({"ipMode": "Proxy"} if ip_mode else {})]


def _shown(of: Service) -> list[dict[str, str]]:
    ingress = of.get("status", {}).get("loadBalancer", {}).get("ingress") or []
    return [{k: v for k, v in row.items() if k in {"ip", "hostname", "ipMode"}} for row in ingress]


def accepts_ip_mode(version: str) -> bool:
    """Since 1.30; the field is dropped in silence before that."""
    numbers = version.lstrip("v").split(".")
    try:
        return (int(numbers[0]), int(numbers[1])) >= (1, 30)
    except (ValueError, IndexError):
        return False


def add_on(cluster: Cluster) -> str:
    """The network add-on as last read, `console.network.AddOn` by name; empty when unknown."""
    return str((cluster.facts.get("network") or {}).get("add_on", ""))


class Owner(NamedTuple):
    """The installation that owns a cluster, and the id it knows the cluster by."""

    installation: str = ""
    cluster_id: str = ""


def adopt_owner(kube: Kube, cluster_id: str) -> None:
    """Write the cluster's id into our ConfigMap: older ones carry only the installation's."""
    where = path("ConfigMap", OWNER_NAMESPACE, OWNER)
    kube.patch(where, {"data": {"cluster": cluster_id}}, kind="merge")


def released(kube: Kube) -> set[str]:
    """The load balancers that a release left in the cloud, as the cluster itself remembers."""
    try:
        found = kube.get(path("ConfigMap", OWNER_NAMESPACE, RELEASED))
    except NotFound:
        return set()
    return set(found.get("data") or {})


def note_released(kube: Kube, lb_id: str, service_uid: str | None) -> None:
    """Remember it in the cluster, where it outlives our database; None: it is bound again."""
    where, body = path("ConfigMap", OWNER_NAMESPACE, RELEASED), {"data": {lb_id: service_uid}}
    try:
        kube.patch(where, body, kind="merge")
    except NotFound:
        if service_uid is None:
            return
        body |= {"metadata": {"name": RELEASED, "namespace": OWNER_NAMESPACE}}
        _create(kube, path("ConfigMap", OWNER_NAMESPACE), body, "ConfigMap")


def owner(kube: Kube, cluster_id: str, *, claim: bool) -> Owner:
    """Who owns this cluster: we, written down if it is nobody's and `claim`."""
    where = path("ConfigMap", OWNER_NAMESPACE, OWNER)
    try:
        return _owner(kube.get(where))
    except NotFound:
        if not claim:
            return Owner()
    _create(kube, path("Namespace"), {"metadata": {"name": OWNER_NAMESPACE}}, "Namespace")
    body = {
        "metadata": {"name": OWNER, "namespace": OWNER_NAMESPACE},
        "data": {"installation": installation(), "cluster": cluster_id},
    }
    _create(kube, path("ConfigMap", OWNER_NAMESPACE), body, "ConfigMap")
    return _owner(kube.get(where))


def _create(kube: Kube, where: str, body: dict[str, Any], kind: str) -> None:
    try:
        kube.create(where, {"apiVersion": "v1", "kind": kind} | body)
    except Conflict:
        return


def _owner(owner_map: dict[str, Any]) -> Owner:
    said = owner_map.get("data") or {}
    return Owner(str(said.get("installation", "")), str(said.get("cluster", "")))


def is_ours(owner: Owner, cluster_id: str) -> bool:
    """Ours, and the very cluster: a kubeconfig of another one leads to another one's owner."""
    return owner.installation == installation() and owner.cluster_id in {"", cluster_id}


def installation() -> str:
    """Our own id, made once per database."""
    return str(Installation.objects.get_or_create(pk=1)[0].uid)
