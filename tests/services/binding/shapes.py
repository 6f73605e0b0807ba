"""Pods and states as pure tests write them down, and a load balancer that does the steps."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from console import kinds
from services.binding.plan import (
    CreateListener,
    CreateLoadBalancer,
    DeleteListener,
    DeleteLoadBalancer,
    Deregister,
    ModifyListener,
    Register,
    SetWeight,
    Step,
    plan,
)
from services.binding.state import (
    Backend,
    Key,
    Listener,
    LoadBalancer,
    State,
    Target,
)
from services.spec import Access, HealthCheck, Port, Protocol, ServiceSpec

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SPEC = ServiceSpec(
    "shop", "bar", Access.PUBLIC, (Port(Protocol.TCP, 80, 8080),), selector=(("app", "bar"),)
)
HTTP = Key("TCP", 80)
DNS = Key("UDP", 80)


def pod(
    number: int,
    *,
    ready: bool = True,
    running: bool = True,
    terminating: bool = False,
    labels: Mapping[str, str] | None = None,
    host_network: bool = False,
    ip: str = "",
    uid: str = "",
    phase: str = "Running",
) -> kinds.Pod:
    running_state = kinds.ContainerState(running=kinds.ContainerStateRunning() if running else None)
    return kinds.Pod(
        metadata=kinds.ObjectMeta(
            name=f"bar-{number}",
            namespace="shop",
            uid=uid or f"uid-{number}",
            labels=dict(labels or {"app": "bar"}),
            deletion_timestamp=NOW if terminating else None,
        ),
        spec=kinds.PodSpec(
            host_network=host_network,
            containers=[
                kinds.Container(ports=[kinds.ContainerPort(name="web", container_port=8080)])
            ],
        ),
        status=kinds.PodStatus(
            phase=phase,
            pod_ip=ip or f"10.0.0.{number}",
            conditions=[
                kinds.Condition(type="ContainersReady", status="True" if ready else "False")
            ],
            container_statuses=[kinds.ContainerStatus(state=running_state)],
        ),
    )


def at(number: int) -> Target:
    return Target(f"10.0.0.{number}", 8080)


def bound(*backends: tuple[int, Backend], lb: LoadBalancer | None = None) -> State:
    targets = {at(number): backend for number, backend in backends}
    return State(lb or LoadBalancer("OPEN"), {HTTP: Listener(HealthCheck(), 0, targets)})


def alive(number: int, weight: int = 10, zero_since: datetime | None = None) -> Backend:
    return Backend(weight, f"uid-{number}", healthy=True, zero_since=zero_since)


def performed(state: State, step: Step) -> State:
    """What a load balancer has after a step, as the CLB does it."""
    match step:
        case CreateLoadBalancer(load_balancer):
            return replace(state, load_balancer=load_balancer)
        case DeleteLoadBalancer():
            return State()
        case DeleteListener(key):
            rest = {k: listener for k, listener in state.listeners.items() if k != key}
            return replace(state, listeners=rest)
        case CreateListener(key, check, session):
            assert key not in state.listeners
            listener = Listener(check, session)
        case ModifyListener(key, check, session):
            listener = replace(state.listeners[key], check=check, session=session)
        case _:
            key = step.key
            has = state.listeners[key]
            listener = replace(has, targets=with_targets(has.targets, step))
    return replace(state, listeners={**state.listeners, key: listener})


def with_targets(has: Mapping[Target, Backend], step: Step) -> dict[Target, Backend]:
    match step:
        case SetWeight(_, target, weight):
            return {**has, target: replace(has[target], weight=weight)}
        case Register(_, target, weight, uid):
            assert target not in has
            return {**has, target: Backend(weight, uid)}
        case Deregister(_, gone):
            return {target: backend for target, backend in has.items() if target != gone}
    raise AssertionError(step)


def settled(observed: State, desired: State) -> State:
    for _ in range(4):
        for step in plan(observed, desired):
            observed = performed(observed, step)
    return observed


keys = st.builds(Key, st.sampled_from(["TCP", "UDP"]), st.integers(80, 82))
targets = st.builds(Target, st.sampled_from([f"10.0.0.{n}" for n in range(5)]), st.just(8080))
backends = st.builds(Backend, st.sampled_from([0, 10]), st.sampled_from(["a", "b", "c"]))
listeners = st.builds(
    Listener,
    st.builds(HealthCheck, interval=st.sampled_from([2, 5])),
    st.sampled_from([0, 30]),
    st.dictionaries(targets, backends, max_size=4),
)
states = st.one_of(
    st.just(State()),
    st.builds(State, st.just(LoadBalancer("OPEN")), st.dictionaries(keys, listeners, max_size=4)),
)


def without_idle(state: State, observed: State) -> State:
    """Desired weight 0 never causes a registration, so such targets exist only where observed."""
    kept = {
        key: replace(
            listener,
            targets={
                target: backend
                for target, backend in listener.targets.items()
                if backend.weight > 0
                or (
                    key in observed.listeners
                    and observed.listeners[key].targets.get(target, Backend(0, "")).pod
                    == backend.pod
                )
            },
        )
        for key, listener in state.listeners.items()
    }
    return replace(state, listeners=kept)
