"""What a load balancer has, or should have: one type for desired and observed; pure.

`desired_state` looks at the Service, its Pods and what is registered now. The CLB's own words and
calls are in `clb`; how to get from one state to the other is in `plan`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from console.kinds import Pod
from services.binding.pods import (
    containers_ready,
    has_stopped,
    selects,
    serves,
    target_port,
)
from services.binding.settings import effective_check, session
from services.spec import Access, HealthCheck, Port, ServiceSpec
from workloads.pods import network_mode

WEIGHT = 10
DRAIN = timedelta(seconds=10)
# By network mode, whatever anybody does about it.
UNREACHABLE = {"overlay": "Its overlay address cannot be reached from the VPC."}
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class Key(NamedTuple):
    """What tells listeners of one load balancer apart."""

    protocol: str
    port: int

    def __str__(self) -> str:
        return f"{self.protocol}:{self.port}"


class Target(NamedTuple):
    """What tells targets of one listener apart; the weight is beside it, in `Backend`."""

    ip: str
    port: int

    def __str__(self) -> str:
        return f"{self.ip}:{self.port}"


@dataclass(frozen=True)
class Backend:
    """What a target has: its weight and the uid of the Pod it was registered for.

    `pod` is empty when nobody recorded the registration: the target may be foreign.
    """

    weight: int
    pod: str
    healthy: bool = field(default=False, compare=False)
    zero_since: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Listener:
    check: HealthCheck
    session: int = 0
    targets: Mapping[Target, Backend] = field(default_factory=dict)


@dataclass(frozen=True)
class LoadBalancer:
    type: str
    subnet_id: str = ""


@dataclass(frozen=True)
class State:
    """Our listeners on our load balancer; `foreign` are the ones that others made on it."""

    load_balancer: LoadBalancer | None = None
    listeners: Mapping[Key, Listener] = field(default_factory=dict)
    foreign: frozenset[Key] = field(default=frozenset(), compare=False)


class Why(StrEnum):
    """Why a selected Pod is no target."""

    HOST_NETWORK = "HostNetwork"
    FINISHED = "Finished"
    NETWORK_MODE = "WrongNetworkMode"
    NO_ROUTE = "NotReachable"
    NO_PORT = "NoSuchPort"
    CONTAINERS = "ContainersNotReady"
    TERMINATING = "Terminating"
    OVER_QUOTA = "OverQuota"


@dataclass(frozen=True)
class LeftOut:
    pod: str
    ip: str
    reason: Why
    message: str


def desired_state(
    spec: ServiceSpec | None,
    pods: Iterable[Pod],
    *,
    observed: State | None = None,
    now: datetime = EPOCH,
    quota: int | None = None,
    drain: timedelta = DRAIN,
    add_on: str = "",
    unrouted: str = "",
) -> State:
    """What the load balancer should have at this moment; without a spec, what is still draining.

    `pods` are those the selector matches and those that targets were registered for; `unrouted`
    is why no container network address can be bound now.
    """
    observed = observed or State()
    ports = {Key(port.protocol, port.port): port for port in spec.ports} if spec else {}
    known = {pod.metadata.uid: pod for pod in pods}
    listeners: dict[Key, Listener] = {}
    for key, port in ports.items():
        assert spec is not None
        has = observed.listeners[key].targets if key in observed.listeners else {}
        targets = _leaving(has, known, now, drain)
        if wanted := _wanted(spec, port, known, has, add_on=add_on, unrouted=unrouted):
            targets = _floored(targets | wanted, has, known)
        listeners[key] = Listener(
            effective_check(spec, port), session(spec), _admitted(targets, has, quota)
        )
    replaced = {key.port for key in listeners.keys() - observed.listeners.keys()}
    for key, listener in observed.listeners.items():
        if key in listeners or key.port in replaced:
            continue
        if rest := _leaving(listener.targets, known, now, drain):
            listeners[key] = replace(listener, targets=rest)
    if spec:
        return State(load_balancer(spec), listeners)
    return State(observed.load_balancer if listeners else None, listeners)


def excluded(pod: Pod, *, add_on: str = "", unrouted: str = "") -> tuple[Why, str] | None:
    """Why this Pod cannot be a target, whatever its containers do.

    `add_on` is the cluster's network add-on (`console.network.AddOn` by name), if known;
    `unrouted` is why the load balancer cannot have GlobalRouter addresses now, if so.
    """
    if pod.spec.host_network:
        return Why.HOST_NETWORK, "It uses the host's network, so it has no address of its own."
    if pod.status.phase in {"Succeeded", "Failed"}:
        return Why.FINISHED, f"It has ended ({pod.status.phase})."
    mode = network_mode(pod.spec, pod.metadata.annotations, add_on=add_on)
    if mode in UNREACHABLE:
        return Why.NETWORK_MODE, UNREACHABLE[mode]
    return (Why.NO_ROUTE, unrouted) if mode == "route" and unrouted else None


def left_out(
    spec: ServiceSpec,
    pods: Iterable[Pod],
    desired: State,
    *,
    add_on: str = "",
    unrouted: str = "",
) -> tuple[LeftOut, ...]:
    """The selected Pods that are not targets of every port, each with its reason."""
    found = (
        (pod, _why_out(spec, pod, desired, excluded(pod, add_on=add_on, unrouted=unrouted)))
        for pod in pods
        if selects(spec, pod)
    )
    return tuple(
        LeftOut(pod.metadata.name, pod.status.pod_ip, *why) for pod, why in found if why is not None
    )


def _why_out(
    spec: ServiceSpec, pod: Pod, desired: State, why: tuple[Why, str] | None
) -> tuple[Why, str] | None:
    """A target that was bound before its route went is still one."""
    missing = next(_missing(spec, pod, desired), None)
    if why and why[0] is Why.NO_ROUTE and missing is None:
        return None
    return why or missing


def load_balancer(spec: ServiceSpec) -> LoadBalancer:
    if spec.access is Access.PRIVATE:
        return LoadBalancer("INTERNAL", spec.subnet_id)
    return LoadBalancer("OPEN")


def _wanted(
    spec: ServiceSpec,
    port: Port,
    known: Mapping[str, Pod],
    has: Mapping[Target, Backend],
    *,
    add_on: str,
    unrouted: str,
) -> dict[Target, Backend]:
    """Selected Pods with an address: full weight when ready, 0 while unready but still bound.

    A route that goes missing keeps new targets away; those that are bound stay, and are Dead.
    """
    wanted = {}
    for pod in sorted(known.values(), key=lambda pod: pod.metadata.name):
        number = target_port(port, pod)
        if number is None or not pod.status.pod_ip:
            continue
        target, uid = Target(pod.status.pod_ip, number), pod.metadata.uid
        is_bound = target in has and has[target].pod == uid
        why_not = excluded(pod, add_on=add_on, unrouted="" if is_bound else unrouted)
        if why_not or not selects(spec, pod):
            continue
        if serves(pod):
            wanted[target] = Backend(WEIGHT, uid)
        elif is_bound and not has_stopped(pod):
            wanted[target] = Backend(0, uid)
    return wanted


def _leaving(
    has: Mapping[Target, Backend], known: Mapping[str, Pod], now: datetime, drain: timedelta
) -> dict[Target, Backend]:
    """Registered targets that drain at weight 0, as long as their Pods run."""
    return {
        target: Backend(0, backend.pod)
        for target, backend in has.items()
        if not has_stopped(known.get(backend.pod))
        and (backend.zero_since is None or now - backend.zero_since < drain)
    }


def _floored(
    targets: dict[Target, Backend], has: Mapping[Target, Backend], known: Mapping[str, Pod]
) -> dict[Target, Backend]:
    """The last Alive targets keep their weight while no wanted one can take over."""
    serving = {target for target, backend in has.items() if backend.healthy and backend.weight > 0}
    if any(targets[target].weight > 0 for target in serving & targets.keys()):
        return targets
    kept = {
        target: Backend(has[target].weight, has[target].pod)
        for target in serving & targets.keys()
        if targets[target].pod == has[target].pod and not has_stopped(known.get(has[target].pod))
    }
    return targets | kept


def _admitted(
    targets: dict[Target, Backend], has: Mapping[Target, Backend], quota: int | None
) -> dict[Target, Backend]:
    """As many new targets as the listener's quota has room for, beside all that are there."""
    if quota is None:
        return targets
    room = quota - len(has)
    admitted = {}
    for target, backend in targets.items():
        if target in has:
            admitted[target] = backend
        elif room > 0:
            admitted[target] = backend
            room -= 1
    return admitted


def _missing(spec: ServiceSpec, pod: Pod, desired: State) -> Iterator[tuple[Why, str]]:
    for port in spec.ports:
        key, number = Key(port.protocol, port.port), target_port(port, pod)
        if number is None:
            yield Why.NO_PORT, f"None of its containers has a {key.protocol} port {port.target}."
        elif Target(pod.status.pod_ip, number) in desired.listeners[key].targets:
            continue
        elif pod.metadata.deletion_timestamp:
            yield Why.TERMINATING, "It is terminating."
        elif not pod.status.pod_ip or not containers_ready(pod):
            yield Why.CONTAINERS, "Its containers are not ready yet."
        else:
            yield Why.OVER_QUOTA, f"{key} has as many targets as the account's quota allows."
