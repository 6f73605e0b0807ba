"""Roll to inject: a rollout restart, as kubectl does it, so that new Pods get their gate."""

from django.contrib.auth.models import AnonymousUser, User
from django.utils import timezone

from console import kube
from console.models import Cluster
from workloads.actions import perform, words
from workloads.actions.changes import Impossible, Restart
from workloads.actions.perform import Subject


def roll(
    user: User | AnonymousUser, cluster: Cluster, kind: str, namespace: str, name: str
) -> None:
    """Raises KubeError; either way one line in the audit trail."""
    subject = Subject(kind, namespace, name)
    try:
        perform.apply(user, cluster, subject, Restart(timezone.now()), verb="restart")
    except Impossible as error:
        raise kube.Conflict(409, "Paused", words.why(error.why)) from error
