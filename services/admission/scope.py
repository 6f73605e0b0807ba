"""Whether the webhook is called for a namespace: waited for before Create reports success."""

import time
from datetime import timedelta

from django.utils import timezone

from console import kube
from console.kube import KubeError
from console.models import Cluster
from services.admission import configuration
from services.models import AccessLayer

PATIENCE, EVERY = 3.0, 0.1
ALIVE = timedelta(seconds=8)


def reaches(cluster: Cluster, namespace: str) -> bool:
    """True as soon as new Pods there are injected; False when that takes too long.

    The webhook sees the new Service by itself and extends its own registration.
    """
    layer = AccessLayer.objects.filter(cluster=cluster).first()
    if layer is None or namespace in configuration.NEVER:
        return True
    deadline = time.monotonic() + (PATIENCE if is_alive(layer) else 0)
    while not _holds(cluster, namespace):
        if time.monotonic() > deadline:
            return False
        time.sleep(EVERY)
    return True


def is_alive(layer: AccessLayer) -> bool:
    """Whether its process was seen lately."""
    return layer.alive_at is not None and timezone.now() - layer.alive_at < ALIVE


def _holds(cluster: Cluster, namespace: str) -> bool:
    where = kube.path("MutatingWebhookConfiguration", name=configuration.name(cluster.cluster_id))
    try:
        entries = kube.connect(cluster).get(where).get("webhooks") or []
    except KubeError:
        return False
    real = [entry for entry in entries if entry.get("name") == configuration.ENTRY]
    selectors = [(entry.get("namespaceSelector") or {}) for entry in real]
    rules = [rule for selector in selectors for rule in selector.get("matchExpressions") or []]
    return any(namespace in (rule.get("values") or []) for rule in rules)
