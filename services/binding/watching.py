"""Services that TKE's service-controller binds (binder = tke): podgate reads, and never writes.

The load balancer is the one that TKE names in `service.kubernetes.io/loadbalance-id`; what it has
is kept in the same rows as what podgate binds itself, so pages, timeline and diagnosis are one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from console import live
from console.kinds import Pod
from console.kube import Kube, KubeError, connect, path
from console.models import Cluster
from console.tencent import CloudError
from services.binding import clb, health, history, ledger, marks, troubles, wanted
from services.binding import cluster as clusters
from services.binding.phases import Standing
from services.binding.pods import selects
from services.binding.rows import rows_of
from services.binding.run import Again, Outcome, Settled, report, topic
from services.limits import Problem, Sentence, Severity
from services.models import Binding, Registration
from services.spec import ServiceSpec, claimed_by

# Four reads a look: often while something is on its way, rarely when nothing is.
SOON, RARELY = timedelta(seconds=2), timedelta(seconds=30)
LOOKS = "podgate looks again."
CLEANS_UP = "TKE's service-controller takes its load balancer away."
NO_NAME = "TKE's service-controller has not named a load balancer yet."


def is_tkes(service: clusters.Service) -> bool:
    """One that TKE's controller makes a load balancer for, or has made one for."""
    spec = service["spec"]
    wants = spec.get("type") == "LoadBalancer" and not spec.get("loadBalancerClass")
    return wants or bool(clusters.tke_mark(service))


def sweep(cluster: Cluster) -> None:
    """Every Service that TKE binds is watched."""
    for service in connect(cluster).get(path("Service"))["items"]:
        adopt(cluster, service)


def adopt(cluster: Cluster, service: clusters.Service) -> None:
    if not is_tkes(service):
        return
    metadata = service["metadata"]
    binding, is_new = Binding.objects.get_or_create(
        cluster=cluster,
        service_uid=metadata["uid"],
        defaults={
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "phase_since": timezone.now(),
            "watched": True,
        },
    )
    if is_new:
        wanted.send([binding.pk])


def forget(cluster: Cluster) -> None:
    """Another binder, or none: nothing of it is podgate's to clean up."""
    Binding.objects.filter(cluster=cluster, watched=True).delete()


def look(binding: Binding) -> Outcome:
    """One look at the Service, its load balancer and its Pods."""
    cluster = binding.cluster
    kube = connect(cluster)
    try:
        service = clusters.service(kube, binding.namespace, binding.name, binding.service_uid)
        if service is None or not is_tkes(service) or cluster.binder != "tke" or cluster.leaving:
            return _gone(binding)
        standing = _standing(binding, kube, service)
    except (CloudError, KubeError) as error:
        standing = _like_before(binding, troubles.retried(error))
    report(binding, standing)
    now = timezone.now()
    binding.observed_at = binding.health_at = now
    binding.save(update_fields=["observed_at", "health_at"])
    return Again(_next(binding, now), LOOKS)


def _gone(binding: Binding) -> Outcome:
    where = topic(binding)
    binding.delete()
    live.announce(where)
    return Settled()


def _like_before(binding: Binding, waits_for: str) -> Standing:
    return Standing(
        health=health.words(binding),
        has_load_balancer=binding.lb_status == "running",
        waits_for=waits_for,
    )


def _standing(binding: Binding, kube: Kube, service: clusters.Service) -> Standing:
    spec = clusters.last_spec(service)
    pods = clusters.pods(kube, binding.namespace, spec, ()) if spec else []
    problems = [*marks.both(service), *_both_kinds(kube, binding, pods)]
    lb_id = clusters.load_balancer_of_tke(service)
    shown = clb.shown(binding.cluster.account, lb_id) if lb_id else None
    _write_down(binding, lb_id, shown)
    if clusters.is_deleting(service):
        return Standing(is_leaving=True, problems=problems, waits_for=CLEANS_UP)
    if shown is None:
        Registration.objects.filter(binding=binding).delete()
        if lb_id:
            problems.append(_no_such(lb_id))
        return Standing(problems=problems, waits_for="" if lb_id else NO_NAME)
    _keep(binding, shown, spec, pods)
    now = timezone.now()
    said = {
        (lb, (listener, *target)): word
        for lb, listener, target, word in clb.health(binding.cluster.account, [lb_id])
    }
    if ledger.note_health(rows_of([binding.pk]), said, now):
        history.looked(binding)
        live.announce(topic(binding))
    return Standing(
        health=health.words(binding), problems=problems, has_load_balancer=shown.is_running
    )


def _write_down(binding: Binding, lb_id: str, shown: clb.Shown | None) -> None:
    account = binding.cluster.account
    has = {
        "lb_id": lb_id,
        "lb_uin": account.uin if lb_id else "",
        "lb_region": account.region if lb_id else "",
        "lb_status": ("running" if shown.is_running else "creating") if shown else "",
        "vip": shown.address if shown else "",
    }
    if any(getattr(binding, name) != value for name, value in has.items()):
        for name, value in has.items():
            setattr(binding, name, value)
        binding.lb_status_at = timezone.now()
        binding.save(update_fields=[*has, "lb_status_at"])


def _keep(
    binding: Binding, shown: clb.Shown, spec: ServiceSpec | None, pods: Iterable[Pod]
) -> None:
    """The ledger as the load balancer has it; whose a target is, by the address it has now."""
    now = timezone.now()
    by_ip = {pod.status.pod_ip: pod for pod in pods if pod.status.pod_ip}
    ports = {port.port for port in spec.ports} if spec else set()
    known = {row.place: row for row in binding.registrations.all()}
    news = []
    for one in shown.targets:
        if one.key.port not in ports:
            # Another Service's listener: TKE lets several share a load balancer.
            continue
        pod = by_ip.get(one.target.ip)
        place = (one.listener_id, *one.target)
        row = known.pop(place, None) or Registration(
            binding=binding,
            lb_id=binding.lb_id,
            listener_id=one.listener_id,
            protocol=one.key.protocol,
            listener_port=one.key.port,
            ip=one.target.ip,
            port=one.target.port,
            intended_at=one.registered or now,
            registered_at=one.registered or now,
        )
        whose = (pod.metadata.uid, pod.metadata.name) if pod else ("", one.target.ip)
        if row.pk and (row.pod_uid, row.pod_name, row.weight) == (*whose, one.weight):
            continue
        row.pod_uid, row.pod_name = whose
        row.weight, row.weight_zero_at = one.weight, None if one.weight else now
        row.save()
        news.append(row)
    gone = list(known.values())
    Registration.objects.filter(pk__in=[row.pk for row in gone]).delete()
    history.read_back(binding, news, gone, {})
    if news or gone:
        live.announce(topic(binding))


def _both_kinds(kube: Kube, binding: Binding, pods: Sequence[Pod]) -> list[Problem]:
    """A Pod behind Services of both kinds would wait for two gates and be drained by two."""
    for other in kube.get(path("Service", binding.namespace))["items"]:
        spec = clusters.last_spec(other) if claimed_by(other) else None
        shared = [pod for pod in pods if spec and selects(spec, pod)]
        if shared and other["metadata"]["uid"] != binding.service_uid:
            words = Sentence(
                "%(n)s of its Pods are also selected by Service %(other)s, which claims podgate's "
                "binder; in this cluster TKE binds, so nobody binds that one.",
                n=len(shared),
                other=other["metadata"]["name"],
            )
            fix = "Take the claim off that Service, or let it select other Pods."
            return [Problem("PodsOfBothKinds", Severity.BLOCKS, words, fix)]
    return []


def _no_such(lb_id: str) -> Problem:
    words = Sentence("TKE names %(lb)s, which the account does not have.", lb=lb_id)
    fix = "If it was deleted by hand, TKE makes another one once the annotation is taken away."
    return Problem("LoadBalancerGone", Severity.BLOCKS, words, fix)


def _next(binding: Binding, now: datetime) -> datetime:
    settled = binding.phase == "Ready"
    due = health.next_look(binding, now)
    return now + RARELY if settled and due > now + SOON else max(due, now + SOON)
