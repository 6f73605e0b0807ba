"""The steps from what is observed to what is desired: additions first, removals last; pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from services.binding.state import Backend, Key, Listener, LoadBalancer, State, Target
from services.spec import HealthCheck, ServiceSpec

# Seconds a write usually takes; a load balancer is made in about ten.
USUAL_SECONDS = {"CreateLoadBalancer": 10.0}
WRITE_SECONDS = 0.5
KUBELET_SECONDS = 1.0


@dataclass(frozen=True)
class CreateLoadBalancer:
    load_balancer: LoadBalancer


@dataclass(frozen=True)
class CreateListener:
    key: Key
    check: HealthCheck
    session: int


@dataclass(frozen=True)
class ModifyListener:
    key: Key
    check: HealthCheck
    session: int


@dataclass(frozen=True)
class SetWeight:
    key: Key
    target: Target
    weight: int


@dataclass(frozen=True)
class Register:
    key: Key
    target: Target
    weight: int
    pod: str


@dataclass(frozen=True)
class Deregister:
    key: Key
    target: Target


@dataclass(frozen=True)
class DeleteListener:
    key: Key


@dataclass(frozen=True)
class DeleteLoadBalancer:
    pass


type Step = (
    CreateLoadBalancer
    | CreateListener
    | ModifyListener
    | SetWeight
    | Register
    | Deregister
    | DeleteListener
    | DeleteLoadBalancer
)

# The CLB API's name of each step, and how many of them fit into one call.
CALLS: dict[type, tuple[str, int]] = {
    CreateLoadBalancer: ("CreateLoadBalancer", 1),
    CreateListener: ("CreateListener", 50),
    ModifyListener: ("ModifyListener", 1),
    SetWeight: ("BatchModifyTargetWeight", 500),
    Register: ("BatchRegisterTargets", 500),
    Deregister: ("BatchDeregisterTargets", 500),
    DeleteListener: ("DeleteLoadBalancerListeners", 20),
    DeleteLoadBalancer: ("DeleteLoadBalancer", 1),
}


@dataclass(frozen=True)
class Batch:
    """Steps that go to the CLB in one call."""

    action: str
    steps: tuple[Step, ...]


def plan(observed: State, desired: State) -> tuple[Step, ...]:
    """Nothing for equal states; foreign listeners and targets are never touched."""
    return (
        *_weights(observed, desired),
        *_replacements(observed, desired),
        *_shape(observed, desired),
        *_registrations(observed, desired),
        *_deregistrations(observed, desired),
        *_removals(observed, desired),
    )


def batches(steps: Iterable[Step]) -> tuple[Batch, ...]:
    """The write calls that carry these steps, in order."""
    return tuple(
        Batch(CALLS[kind][0], tuple(run[start : start + CALLS[kind][1]]))
        for (kind, _), group in groupby(steps, _same_call)
        for run in [list(group)]
        for start in range(0, len(run), CALLS[kind][1])
    )


def write_calls(steps: Iterable[Step]) -> int:
    return len(batches(steps))


def expected_seconds(steps: Iterable[Step], spec: ServiceSpec) -> float:
    """From the first call to Ready: the writes, the health check's first verdict, the kubelet."""
    calls = batches(steps)
    writes = sum(USUAL_SECONDS.get(batch.action, WRITE_SECONDS) for batch in calls)
    checks = [spec.check_of(port) for port in spec.ports]
    registers = any(batch.action == "BatchRegisterTargets" for batch in calls)
    if not registers:
        return writes
    first_verdict = max((first_look(check) for check in checks), default=0.0)
    return writes + first_verdict + KUBELET_SECONDS


def first_look(check: HealthCheck) -> float:
    """Seconds after its registration at which a good target becomes Alive."""
    return float(check.interval * check.healthy) if check.enabled else 0.0


def takes_away(step: Step) -> bool:
    """Whether a Pod gets no more connections by it."""
    return isinstance(step, Deregister) or (isinstance(step, SetWeight) and step.weight == 0)


def _replacements(observed: State, desired: State) -> Iterator[DeleteListener]:
    """A listener that changes its protocol goes first: its port must be free."""
    created = {key.port for key in desired.listeners.keys() - observed.listeners.keys()}
    for key in sorted(observed.listeners.keys() - desired.listeners.keys()):
        if key.port in created:
            yield DeleteListener(key)


def _shape(observed: State, desired: State) -> Iterator[Step]:
    if desired.load_balancer and not observed.load_balancer:
        yield CreateLoadBalancer(desired.load_balancer)
    taken = {_transport(key) for key in observed.foreign}
    for key, listener in sorted(desired.listeners.items(), key=lambda item: item[0]):
        if key not in observed.listeners and _transport(key) not in taken:
            yield CreateListener(key, listener.check, listener.session)
    for key, listener in sorted(desired.listeners.items(), key=lambda item: item[0]):
        has = observed.listeners.get(key)
        if has and (has.check, has.session) != (listener.check, listener.session):
            yield ModifyListener(key, listener.check, listener.session)


def _weights(observed: State, desired: State) -> Iterator[Step]:
    """Zeros before the others: a Pod that stops answers no new connection."""
    changed = [
        SetWeight(key, target, wants.weight)
        for key, target, has, wants in _both(observed, desired)
        if has.pod == wants.pod and has.weight != wants.weight
    ]
    yield from sorted(changed, key=lambda step: (step.weight > 0, step.key, step.target))


def _registrations(observed: State, desired: State) -> Iterator[Step]:
    taken = {_transport(key) for key in observed.foreign}
    for key, listener in sorted(desired.listeners.items(), key=lambda item: item[0]):
        if key not in observed.listeners and _transport(key) in taken:
            continue
        has = observed.listeners.get(key, Listener(listener.check)).targets
        for target, wants in sorted(listener.targets.items()):
            if wants.weight > 0 and target not in has:
                yield Register(key, target, wants.weight, wants.pod)


def _deregistrations(observed: State, desired: State) -> Iterator[Step]:
    """A target of another Pod at a wanted address goes too, to be registered anew afterwards."""
    replaced = {step.key for step in _replacements(observed, desired)}
    for key, listener in sorted(observed.listeners.items(), key=lambda item: item[0]):
        wanted = desired.listeners.get(key, Listener(listener.check)).targets
        for target, has in sorted(listener.targets.items()):
            gone = target not in wanted and has.pod
            if key not in replaced and (gone or _is_anothers(has, wanted.get(target))):
                yield Deregister(key, target)


def _is_anothers(has: Backend, wants: Backend | None) -> bool:
    return wants is not None and has.pod != wants.pod


def _removals(observed: State, desired: State) -> Iterator[Step]:
    replaced = {step.key for step in _replacements(observed, desired)}
    for key in sorted(observed.listeners.keys() - desired.listeners.keys() - replaced):
        yield DeleteListener(key)
    if observed.load_balancer and not desired.load_balancer and not observed.foreign:
        yield DeleteLoadBalancer()


def _both(observed: State, desired: State) -> Iterator[tuple[Key, Target, Backend, Backend]]:
    for key in observed.listeners.keys() & desired.listeners.keys():
        has, wants = observed.listeners[key].targets, desired.listeners[key].targets
        for target in has.keys() & wants.keys():
            yield key, target, has[target], wants[target]


def _transport(key: Key) -> tuple[str, int]:
    """Listeners of one transport cannot share a port, whatever they speak above it."""
    return ("UDP" if key.protocol in {"UDP", "QUIC"} else "TCP", key.port)


def _same_call(step: Step) -> tuple[type, object]:
    """Listeners are made in one call when they differ only in their ports."""
    same = (step.key.protocol, step.check, step.session) if isinstance(step, CreateListener) else ()
    return type(step), same
