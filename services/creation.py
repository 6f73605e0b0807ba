"""Writes a Service into the cluster: all of it or nothing, once however often it is submitted.

Order: a dry run finds out what would be refused; then the TkeServiceConfig, so that nobody binds
without it; then the Service. What was written before a refusal is taken away again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.utils.translation import gettext as _

from console import activity, doors, kube
from console.models import Cluster
from services.binding import wanted
from services.spec import ServiceSpec, manifest, tke_service_config

# The form's token, on the Service: the second of two submits finds its own work done.
SUBMISSION = "podgate.dev/submission"
FORBIDDEN = 403


class Refused(Exception):
    """Kubernetes did not take the Service; `field` is where the message belongs, or empty."""

    def __init__(
        self, message: str, *, field: str = "", request_id: str = "", certain: bool = True
    ) -> None:
        super().__init__(message)
        self.message, self.field, self.request_id = message, field, request_id
        # False: no answer came, so nobody knows whether something was written.
        self.certain = certain


@dataclass(frozen=True)
class Objects:
    service: dict[str, Any]
    config: dict[str, Any] | None


def objects_of(spec: ServiceSpec, token: str) -> Objects:
    """What is written: the page shows the very same before."""
    objects = Objects(manifest(spec), tke_service_config(spec))
    for one in (objects.service, objects.config):
        if one:
            one["metadata"].setdefault("annotations", {})[SUBMISSION] = token
    return objects


def create(user: User | AnonymousUser, cluster: Cluster, spec: ServiceSpec, token: str) -> None:
    """The Service as `spec` wants it, an Activity row, and the binding woken; or Refused."""
    objects = objects_of(spec, token)
    with doors.recording() as calls:
        try:
            fresh = _write(kube.connect(cluster), objects, token)
        except kube.KubeError as error:
            refused = refusal(error, spec)
            _record(user, cluster, spec, objects, calls, message=refused.message)
            raise refused from error
        except Refused as refused:
            _record(user, cluster, spec, objects, calls, message=refused.message)
            raise
    if fresh:
        _record(user, cluster, spec, objects, calls)
    wanted.wanted(cluster, spec.namespace, spec.name)


def _write(door: kube.Kube, objects: Objects, token: str) -> bool:
    """True when this call made the Service; False when an earlier submit of this form did."""
    where = _collection(objects.service)
    try:
        door.create(where, objects.service, dryRun="All")
    except kube.Conflict:
        if _is_ours(door, objects.service, token):
            return False
        raise
    config_uid = _write_config(door, objects.config, token)
    try:
        made = door.create(where, objects.service)
    except kube.KubeError:
        # No answer is not a refusal: the Service may have been written all the same.
        if _is_ours(door, objects.service, token):
            return False
        _take_away(door, objects.config, config_uid)
        raise
    _give_to(door, objects.config, made)
    return True


def _write_config(door: kube.Kube, config: dict[str, Any] | None, token: str) -> str:
    """The uid of a TkeServiceConfig this call made; empty when there was nothing to make."""
    if config is None:
        return ""
    try:
        return str(door.create(_collection(config), config)["metadata"]["uid"])
    except kube.Conflict:
        if _is_ours(door, config, token):
            return ""
        raise
    except kube.NotFound as error:
        # The namespace was there a moment ago, in the dry run.
        raise Refused(
            _("This cluster does not know TkeServiceConfig. Use the default health check."),
            request_id=error.request_id,
        ) from error


def _is_ours(door: kube.Kube, body: Mapping[str, Any], token: str) -> bool:
    try:
        found = door.get(_path(body))
    except kube.KubeError:
        return False
    return (found["metadata"].get("annotations") or {}).get(SUBMISSION) == token


def _take_away(door: kube.Kube, config: dict[str, Any] | None, uid: str) -> None:
    if config is None or not uid:
        return
    try:
        door.delete(_path(config), {"preconditions": {"uid": uid}})
    except kube.KubeError:
        # Nothing refers to it; the next submit under this name overwrites nothing and says so.
        return


def _give_to(door: kube.Kube, config: dict[str, Any] | None, service: Mapping[str, Any]) -> None:
    """Kubernetes collects the TkeServiceConfig when its Service is gone."""
    if config is None:
        return
    owner = {
        "apiVersion": "v1",
        "kind": "Service",
        "name": service["metadata"]["name"],
        "uid": service["metadata"]["uid"],
    }
    try:
        door.patch(_path(config), {"metadata": {"ownerReferences": [owner]}}, kind="merge")
    except kube.KubeError:
        # The Service works without this; at worst its TkeServiceConfig outlives it.
        return


def _collection(body: Mapping[str, Any]) -> str:
    return kube.path(body["kind"], body["metadata"]["namespace"])


def _path(body: Mapping[str, Any]) -> str:
    return kube.path(body["kind"], body["metadata"]["namespace"], body["metadata"]["name"])


def refusal(error: kube.KubeError, spec: ServiceSpec) -> Refused:
    """The API server's no, where the user can do something about it."""
    where = f"{spec.namespace}/{spec.name}"
    if isinstance(error, kube.Conflict) and error.reason == "AlreadyExists":
        if "tkeserviceconfig" in error.message.lower():
            message = _("TkeServiceConfig %(name)s-config already exists. Choose another name.")
        else:
            message = _("Service %(name)s already exists in %(namespace)s. Choose another name.")
        values = {"name": spec.name, "namespace": spec.namespace}
        return Refused(message % values, field="name", request_id=error.request_id)
    if isinstance(error, kube.NotFound):
        message = _("Namespace %(namespace)s does not exist in this cluster.")
        values = {"namespace": spec.namespace}
        return Refused(message % values, field="namespace", request_id=error.request_id)
    if error.status == FORBIDDEN:
        message = _("Kubernetes does not allow it: %(said)s")
    elif error.status == 0:
        message = _(
            "The API server did not answer (%(said)s). Submit again: one form makes one Service."
        )
    else:
        message = _("Kubernetes refused Service %(where)s: %(said)s")
    values = {"said": error.message or error.reason, "where": where}
    return Refused(message % values, request_id=error.request_id, certain=error.status > 0)


def _record(
    user: User | AnonymousUser,
    cluster: Cluster,
    spec: ServiceSpec,
    objects: Objects,
    calls: list[doors.Call],
    *,
    message: str = "",
) -> None:
    activity.record(
        user,
        "create",
        cluster=cluster.cluster_id,
        kind="Service",
        namespace=spec.namespace,
        name=spec.name,
        after={"service": objects.service} | ({"config": objects.config} if objects.config else {}),
        ok=not message,
        message=message,
        calls=calls,
    )
