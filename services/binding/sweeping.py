"""The sweep: what no event told of. Claimed Services without a Binding, and drift at the CLB."""

import logging
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from console.kube import KubeError, connect, path
from console.models import Account, Cluster
from services.binding import clb, wanted, watching
from services.binding import cluster as clusters
from services.models import Binding, Lease, StepTaken, Token
from services.spec import claim

logger = logging.getLogger(__name__)
# A settled binding is compared with its load balancer again this often.
DRIFT = timedelta(seconds=60)
STEPS_LIVE = timedelta(days=30)
# No namespace can have this name.
NOWHERE = "-"


def sweep(cluster: Cluster) -> None:
    """Bindings for claimed Services that have none; a look at those not looked at for long."""
    if cluster.leaving:
        return
    if cluster.binder == "tke":
        watching.sweep(cluster)
        return
    watching.forget(cluster)
    known = set(Binding.objects.filter(cluster=cluster).values_list("service_uid", flat=True))
    for service in connect(cluster).get(path("Service"))["items"]:
        if service["metadata"]["uid"] not in known:
            bind(cluster, service)
    old = timezone.now() - DRIFT
    stale = Binding.objects.filter(Q(observed_at=None) | Q(observed_at__lt=old), cluster=cluster)
    wanted.raise_wanted(stale.filter(due_at=None))
    Lease.objects.filter(until__lt=timezone.now() - timedelta(days=1)).delete()
    StepTaken.objects.filter(at__lt=timezone.now() - STEPS_LIVE).delete()


def sweep_orphans(account: Account) -> None:
    """Load balancers that carry our tags but have no Binding: theirs is made, and leads them out.

    Whether the Service is really gone, and the cluster ours, is for the binding's own run to say.
    """
    for cluster in account.clusters.filter(binder="console", leaving=False):
        try:
            _sweep_orphans(account, cluster)
        except KubeError as error:
            # The other clusters are not concerned.
            logger.warning("orphans of %s not looked for: %s", cluster, error)


def _sweep_orphans(account: Account, cluster: Cluster) -> None:
    kube = connect(cluster)
    owner = clusters.owner(kube, cluster.cluster_id, claim=False)
    if not clusters.is_ours(owner, cluster.cluster_id):
        return
    bound = dict(Binding.objects.filter(cluster=cluster).values_list("service_uid", "lb_id"))
    known = bound.keys() | {s["metadata"]["uid"] for s in kube.get(path("Service"))["items"]}
    released = set(Token.objects.exclude(released="").values_list("released", flat=True))
    # A database that was lost does not take what was released.
    released |= clusters.released(kube)
    extra: dict[str, list[str]] = defaultdict(list)
    for one in clb.tagged(account, cluster.cluster_id):
        if one.lb_id in released:
            continue
        if one.service_uid not in known:
            _bind(cluster, one.service_uid, *_service_of(cluster, one))
        elif bound.get(one.service_uid, one.lb_id) not in {one.lb_id, ""}:
            extra[one.service_uid].append(one.lb_id)
    _tell_of_extra(cluster, extra)


def _service_of(cluster: Cluster, one: clb.Tagged) -> tuple[str, str]:
    """Namespace and name of the Service a load balancer was made for, by the name we gave it."""
    prefix, _, rest = one.name.partition("_")
    namespace, _, name = rest.partition("_")
    if prefix == cluster.cluster_id and namespace and name:
        return namespace, name
    return NOWHERE, one.lb_id


def _tell_of_extra(cluster: Cluster, extra: Mapping[str, list[str]]) -> None:
    """A second load balancer with a Service's tags: said, never touched while the Service lives."""
    for binding in Binding.objects.filter(cluster=cluster):
        found = sorted(extra.get(binding.service_uid, ()))
        if binding.extra != found:
            Binding.objects.filter(pk=binding.pk).update(extra=found)
            wanted.raise_wanted(Binding.objects.filter(pk=binding.pk))


def adopt(cluster: Cluster, namespace: str, name: str) -> None:
    """Look at one Service: it may be new, or have another uid than before."""
    service = clusters.service(connect(cluster), namespace, name)
    if service is None or cluster.leaving:
        return
    if cluster.binder == "tke":
        watching.adopt(cluster, service)
    else:
        bind(cluster, service)


def bind(cluster: Cluster, service: clusters.Service) -> None:
    """A Binding for a claimed Service, and for one that still carries our finalizer."""
    is_wanted = claim(service, cluster) and not clusters.is_deleting(service)
    if not is_wanted and not clusters.has_finalizer(service):
        return
    metadata = service["metadata"]
    _bind(cluster, metadata["uid"], metadata["namespace"], metadata["name"])


def _bind(cluster: Cluster, uid: str, namespace: str, name: str) -> None:
    binding, is_new = Binding.objects.get_or_create(
        cluster=cluster,
        service_uid=uid,
        defaults={"namespace": namespace, "name": name, "phase_since": timezone.now()},
    )
    if is_new:
        wanted.send([binding.pk])
