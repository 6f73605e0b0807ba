"""What keeps the CLB from a Pod: a security group from one it calls Dead, the lack of a route from
one that it may not have.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from console.models import Cluster
from services.binding.routing import unrouted
from services.binding.state import Why
from services.binding.waits import Cause, Wait, Way
from services.diagnosis import reads
from services.diagnosis.facts import Unread
from services.diagnosis.reads import Doors, Patience
from services.facts import add_on, pod_facts
from services.limits import BalancerFacts, Facts, Problem, Severity, firewall
from services.printed.rows import as_manifest
from services.spec import ServiceSpec, from_manifest
from workloads.models import Pod, Service

EXPLAINED = {Cause.DEAD, Cause.DEAD_LATER, Cause.OVERDUE}
CLOSED = {firewall.CLIENTS_CLOSED.code, firewall.PROBES_CLOSED.code}


def problems(
    cluster: Cluster,
    pods: Sequence[Pod],
    waits: Mapping[str, Wait],
    ways: Mapping[str, Sequence[Way]],
    patience: Patience,
) -> dict[str, tuple[Problem, ...]]:
    """By Pod uid; of Pods nobody calls Dead nothing is read."""
    stuck: dict[tuple[str, str], list[Pod]] = defaultdict(list)
    for pod in pods:
        wait = waits.get(pod.uid)
        if wait is not None and wait.cause in EXPLAINED and pod.ip:
            for service, lb_id in {
                (way.service, way.lb_id)
                for way in ways.get(pod.uid, ())
                if way.lb_id and way.health in {"Dead", "Unknown"}
            }:
                stuck[service, lb_id].append(pod)
    found = _routes(cluster, pods, waits, ways)
    for (service, lb_id), dead in stuck.items():
        spec = _spec(cluster, service)
        if spec is not None:
            doors = reads.doors(cluster, lb_id, _addresses(dead), patience)
            for pod in dead:
                found[pod.uid] = found.get(pod.uid, ()) + _of_pod(cluster, spec, pod, doors)
    return found


def _routes(
    cluster: Cluster,
    pods: Sequence[Pod],
    waits: Mapping[str, Wait],
    ways: Mapping[str, Sequence[Way]],
) -> dict[str, tuple[Problem, ...]]:
    """What is missing on the way to GlobalRouter Pods that are no targets for it."""
    stuck = [
        pod.uid
        for pod in pods
        if (wait := waits.get(pod.uid)) is not None
        and wait.cause is Cause.EXCLUDED
        and any(way.left_out and way.left_out[0] == Why.NO_ROUTE for way in ways.get(pod.uid, ()))
    ]
    problem = unrouted(cluster) if stuck else None
    return dict.fromkeys(stuck, (problem,)) if problem else {}


def _spec(cluster: Cluster, service: str) -> ServiceSpec | None:
    namespace, _, name = service.partition("/")
    row = Service.objects.filter(cluster=cluster, namespace=namespace, name=name).last()
    if row is None:
        return None
    try:
        return from_manifest(as_manifest(row))
    except (ValueError, KeyError):
        return None


def _addresses(pods: Sequence[Pod]) -> list[str]:
    """A node's Pods share its network interfaces, so one of each node comes first."""
    first = {pod.node: _address(pod) for pod in reversed(pods)}
    rest = [_address(pod) for pod in pods]
    return list(dict.fromkeys([*first.values(), *rest]))


def _address(pod: Pod) -> str:
    """GlobalRouter's Pods are behind their node's interface; TKE names nodes by address."""
    return pod.node if pod.network_mode == "route" else str(pod.ip)


def _of_pod(cluster: Cluster, spec: ServiceSpec, pod: Pod, doors: Doors) -> tuple[Problem, ...]:
    if isinstance(doors.interfaces, Unread):
        return ()
    own = tuple(one for one in doors.interfaces if one.ip == _address(pod))
    if not own:
        return ()
    facts = Facts(
        kubernetes=None,
        add_on=add_on(cluster),
        pods=tuple(pod_facts(cluster, [pod])),
        balancer=doors.balancer if isinstance(doors.balancer, BalancerFacts) else None,
        interfaces=own,
        groups=doors.groups,
    )
    outcome = firewall.target_groups(spec, facts)
    said = outcome if isinstance(outcome, tuple) else (outcome,)
    closed = [one for one in said if isinstance(one, Problem) and one.code in CLOSED]
    of_checks = [one for one in closed if one.code == firewall.PROBES_CLOSED.code]
    return tuple(replace(one, severity=Severity.BLOCKS) for one in of_checks or closed)
