"""What search finds of Services: by name and VIP, and their load balancers by id."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from console.models import Cluster
from console.search import Asked, Clusters, Group, Hit
from console.search.names import beginning, best, by_address
from services.models import Binding
from services.printed.words import PHASE_TONES, phase_word
from workloads.finding import scope
from workloads.models import Service


def groups(clusters: Clusters, asked: Asked) -> Sequence[Group]:
    return [_services(clusters, asked), _balancers(clusters, asked)]


def _services(clusters: Clusters, asked: Asked) -> Group:
    rows = scope(Service.objects.all(), clusters, asked)
    if asked.is_address:
        has = rows.filter(beginning("vip", asked.text) | beginning("cluster_ip", asked.text))
        services, total = by_address(has, asked.text, "vip", "cluster_ip", near=asked.near)
    else:
        services, total = best(rows, asked.text, near=asked.near)
    uids = [service.uid for service in services]
    bindings = {row.service_uid: row for row in Binding.objects.filter(service_uid__in=uids)}
    hits = [_hit(clusters[one.cluster_id], one, bindings.get(one.uid), asked) for one in services]
    return Group("Services", hits, total)


def _hit(cluster: Cluster, service: Service, binding: Binding | None, asked: Asked) -> Hit:
    parts = [f"{cluster.cluster_id} / {service.namespace}"]
    vip = (binding.vip if binding else "") or service.vip
    inner = f"ClusterIP {service.cluster_ip}" if service.cluster_ip else ""
    # The other address as well, where that is what was looked for.
    is_meant = asked.is_address and service.cluster_ip.startswith(asked.text)
    parts += [vip, inner if is_meant or not vip else ""]
    parts.append(binding.lb_id if binding else "")
    return Hit(
        icon="service",
        title=service.name,
        url=reverse("service", args=[cluster.cluster_id, service.namespace, service.name]),
        note=" · ".join(filter(None, parts)),
        word=phase_word(binding.phase) if binding else _("Not bound"),
        tone=PHASE_TONES[binding.phase] if binding else "idle",
    )


def _balancers(clusters: Clusters, asked: Asked) -> Group:
    """By id or VIP; of a load balancer whose Service has the name it is told there."""
    rows: QuerySet[Binding] = Binding.objects.filter(cluster__in=list(clusters))
    rows = rows.exclude(lb_id="").filter(
        Q(lb_id__contains=asked.text) | beginning("vip", asked.text)
    )
    if asked.namespace:
        rows = rows.filter(namespace=asked.namespace)
    found, total = by_address(rows, asked.text, "vip", "lb_id", near=asked.near)
    hits = [_balancer(clusters[row.cluster_id], row) for row in found]
    return Group(_("Load balancers"), hits, total)


def _balancer(cluster: Cluster, row: Binding) -> Hit:
    where = f"{cluster.cluster_id} / {row.namespace}/{row.name}"
    return Hit(
        icon="lb",
        title=row.lb_id,
        url=reverse("service", args=[cluster.cluster_id, row.namespace, row.name]),
        note=" · ".join(filter(None, [where, row.vip, row.lb_region])),
        word=phase_word(row.phase),
        tone=PHASE_TONES[row.phase],
    )
