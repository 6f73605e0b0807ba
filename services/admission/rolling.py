"""Roll to inject: a rollout restart, as kubectl does it, so that new Pods get their gate."""

from django.contrib.auth.models import AnonymousUser, User
from django.utils import timezone

from console import activity, doors, kube
from console.models import Cluster

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


def roll(
    user: User | AnonymousUser, cluster: Cluster, kind: str, namespace: str, name: str
) -> None:
    """Raises KubeError; either way one line in the audit trail."""
    body = {"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: _now()}}}}}
    message = ""
    with doors.recording() as calls:
        try:
            kube.connect(cluster).patch(kube.path(kind, namespace, name), body)
        except kube.KubeError as error:
            message = error.message or error.reason
            raise
        finally:
            activity.record(
                user,
                "restart",
                cluster=cluster.cluster_id,
                kind=kind,
                namespace=namespace,
                name=name,
                after=body,
                ok=not message,
                message=message,
                calls=calls,
            )


def _now() -> str:
    return timezone.now().replace(microsecond=0).isoformat().replace("+00:00", "Z")
