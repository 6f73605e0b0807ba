"""What a run reads before it plans: whether podgate may act, what the Service wants, its Pods."""

import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from console.doors import recording
from console.kinds import Pod
from console.kube import NotFound
from console.models import Account
from console.tencent import CloudError
from services.annotations import unsupported
from services.binding import clb, cluster, marks, routing
from services.binding.run import Blocked, Run, took
from services.binding.state import State, desired_state
from services.limits import Problem, Severity
from services.spec import claim, config_name, from_manifest

QUOTA_SECONDS = 300.0
_quotas: dict[tuple[str, str], tuple[float, int | None]] = {}


def read(run: Run) -> None:
    """Fills in the Service and its spec; raises Blocked where podgate must not act."""
    binding = run.binding
    if binding.cluster.binder != "console" and not binding.cluster.leaving:
        raise Blocked("TkeIsBinder", "TKE's service-controller binds in this cluster.")
    run.service = cluster.service(run.kube, binding.namespace, binding.name, binding.service_uid)
    _check_owner(run)
    service = run.service
    if service is None or cluster.is_deleting(service) or not claim(service, binding.cluster):
        run.is_leaving = True
        return
    _read_spec(run)
    if binding.lb_id:
        run.problems += marks.both(service)
    _check_annotations(run)
    _check_route(run)
    if not cluster.has_finalizer(service):
        with recording() as calls:
            run.service = cluster.add_finalizer(run.kube, service)
        took(binding, "Wrote the finalizer and read it back", calls)
    if not binding.finalized:
        binding.finalized = True
        binding.save(update_fields=["finalized"])


def pods(run: Run) -> list[Pod]:
    """Live: those the selector matches, and those that targets were registered for."""
    known = run.binding.registrations.values_list("pod_name", "pod_uid").distinct()
    spec = run.spec or cluster.last_spec(run.service)
    return cluster.pods(run.kube, run.binding.namespace, spec, known)


def desired(run: Run, pods: Iterable[Pod], has: State) -> State:
    account = run.binding.cluster.account
    wanted = desired_state(
        run.spec,
        pods,
        observed=has,
        now=timezone.now(),
        quota=quota(account) if run.spec else None,
        drain=drain(),
        add_on=cluster.add_on(run.binding.cluster),
        unrouted=str(run.unrouted.message) if run.unrouted else "",
    )
    if has.load_balancer and wanted.load_balancer not in {None, has.load_balancer}:
        message = "The Service's access method or subnet changed; a load balancer keeps both."
        fix = "Change it back, or make the Service anew."
        _add(run, Problem("AccessChanged", Severity.BLOCKS, message, fix))
    if run.keeps_checks:
        kept = {
            key: replace(listener, check=has.listeners[key].check)
            for key, listener in wanted.listeners.items()
            if key in has.listeners
        }
        wanted = replace(wanted, listeners={**wanted.listeners, **kept})
    return wanted


def publish(run: Run, address: str) -> None:
    """Show the load balancer's address on the Service."""
    owner = run.service and claim(run.service, run.binding.cluster)
    if not run.service or not owner:
        return
    ip_mode = cluster.accepts_ip_mode(run.binding.cluster.kubernetes_version)
    with recording() as calls:
        wrote = cluster.publish(run.kube, run.service, address, claim=owner, ip_mode=ip_mode)
    if wrote:
        took(run.binding, f"Wrote the address {address} to the Service", calls)
        run.service = cluster.service(
            run.kube, run.binding.namespace, run.binding.name, run.binding.service_uid
        )


def next_drained(has: State, now: datetime) -> datetime | None:
    """When the next draining target has had its time."""
    ends = [
        backend.zero_since + drain()
        for listener in has.listeners.values()
        for backend in listener.targets.values()
        if backend.zero_since
    ]
    return min((end for end in ends if end > now), default=None)


def drain() -> timedelta:
    return timedelta(seconds=settings.DRAIN_SECONDS)


def forget_quota(account: Account) -> None:
    """The CLB says there is less room than the number we remember."""
    _quotas.pop((account.secret_id, account.region), None)


def quota(account: Account) -> int | None:
    """Targets per listener, read anew every five minutes."""
    key = (account.secret_id, account.region)
    read_at, limit = _quotas.get(key, (0.0, None))
    if key not in _quotas or time.monotonic() - read_at > QUOTA_SECONDS:
        try:
            limit = clb.target_quota(account)
        except CloudError:
            # The CLB will say so itself where it is exceeded.
            return limit
        _quotas[key] = (time.monotonic(), limit)
    return limit


def _check_owner(run: Run) -> None:
    """One podgate per cluster; a cluster that lost both owner and Service may be another one."""
    ours = run.binding.cluster.cluster_id
    owner = cluster.owner(run.kube, ours, claim=run.service is not None)
    if cluster.is_ours(owner, ours):
        if run.service is not None and not owner.cluster_id:
            # The Service with our uid is here, so this is the cluster that is meant.
            cluster.adopt_owner(run.kube, ours)
        return
    if not owner.installation:
        raise Blocked(
            "NoOwner",
            "The cluster carries neither this Service nor podgate's owner ConfigMap: it may be"
            " another cluster than the one that was bound.",
            "Check the cluster's address, or release the binding.",
        )
    if owner.installation == cluster.installation():
        raise Blocked(
            "AnotherCluster",
            f"The API server at this cluster's address is {owner.cluster_id}'s, not {ours}'s.",
            "Register the cluster with its own kubeconfig.",
        )
    raise Blocked(
        "AnotherInstallation",
        f"Another podgate installation ({owner.installation}) owns this cluster;"
        " this one only reads.",
        f"Delete ConfigMap {cluster.OWNER_NAMESPACE}/{cluster.OWNER} if that one is gone.",
    )


def _read_spec(run: Run) -> None:
    service = run.service
    assert service is not None
    try:
        config = cluster.config(run.kube, service)
        run.spec = from_manifest(service, config)
        return
    except NotFound:
        message = f"TkeServiceConfig {config_name(service)} does not exist."
        problem = Problem("NoServiceConfig", Severity.BLOCKS, message, "Create it.")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        message = f"TkeServiceConfig {config_name(service)} cannot be read: {error!r}."
        problem = Problem("BadServiceConfig", Severity.BLOCKS, message, "Mend it.")
    # Its targets are another lane: they go on with the checks that the listeners have.
    run.keeps_checks = True
    try:
        run.spec = from_manifest(service)
    except (ValueError, TypeError, KeyError) as error:
        run.spec = cluster.last_spec(service)
        message = f"The Service asks for something a CLB has not: {error}."
        problem = Problem("Unreadable", Severity.BLOCKS, message, "Take it out.")
        if run.spec is None or not run.binding.lb_id:
            raise Blocked(problem.code, message, problem.fix) from error
    _add(run, problem)


def _check_annotations(run: Run) -> None:
    service = run.service
    assert service is not None
    refused = unsupported(service["metadata"].get("annotations") or {})
    for name, why in refused:
        message = f"Annotation {name} is not supported: {why}."
        _add(run, Problem("UnsupportedAnnotation", Severity.BLOCKS, message, "Remove it."))
    if run.problems and not run.binding.lb_id:
        first = run.problems.pop(0)
        raise Blocked(first.code, first.message, first.fix)


def _check_route(run: Run) -> None:
    """Before a load balancer is made that could have no target; one that is there keeps its own."""
    run.unrouted = routing.unrouted(run.binding.cluster)
    if run.unrouted and not run.binding.lb_id and routing.is_routed_only(run.binding.cluster):
        raise Blocked(run.unrouted.code, run.unrouted.message, run.unrouted.fix)


def _add(run: Run, problem: Problem) -> None:
    if problem not in run.problems:
        run.problems.append(problem)
