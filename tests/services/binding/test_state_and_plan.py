from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
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
    batches,
    expected_seconds,
    plan,
    write_calls,
)
from services.binding.state import (
    Backend,
    Key,
    Listener,
    LoadBalancer,
    State,
    Target,
    Why,
    desired_state,
    left_out,
)
from services.spec import Access, HealthCheck, Port, Protocol, ServiceSpec

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SPEC = ServiceSpec(
    "shop", "bar", Access.PUBLIC, (Port(Protocol.TCP, 80, 8080),), selector=(("app", "bar"),)
)
HTTP = Key("TCP", 80)


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


@given(states)
def test_equal_states_need_no_steps(state: State) -> None:
    assert plan(state, state) == ()


@given(states, states)
def test_performing_the_plan_reaches_the_desired_state(observed: State, desired: State) -> None:
    desired = without_idle(desired, observed)
    reached = settled(observed, desired)
    assert reached == desired
    assert plan(reached, desired) == ()


@given(states, states, st.data())
def test_any_prefix_and_a_new_plan_converge(
    observed: State, desired: State, data: st.DataObject
) -> None:
    desired = without_idle(desired, observed)
    steps = plan(observed, desired)
    reached = observed
    for step in steps[: data.draw(st.integers(0, len(steps)))]:
        reached = performed(reached, step)
    reached = settled(reached, without_idle(desired, reached))
    assert plan(reached, desired) == () or reached == without_idle(desired, reached)


@given(states, states)
def test_additions_come_before_removals(observed: State, desired: State) -> None:
    steps = plan(observed, desired)
    created = {step.key.port for step in steps if isinstance(step, CreateListener)}
    ordinary = [
        step
        for step in steps
        if not (isinstance(step, DeleteListener) and step.key.port in created)
    ]
    additions = (CreateLoadBalancer, CreateListener, Register)
    removals = (Deregister, DeleteListener, DeleteLoadBalancer)
    last_addition = max((n for n, s in enumerate(ordinary) if isinstance(s, additions)), default=-1)
    first_removal = min((n for n, s in enumerate(ordinary) if isinstance(s, removals)), default=99)
    assert last_addition < first_removal


@given(states, states)
def test_a_weight_alone_is_never_a_registration(observed: State, desired: State) -> None:
    changed = replace(
        observed,
        listeners={
            key: replace(
                listener,
                targets={
                    target: replace(backend, weight=10 - backend.weight)
                    for target, backend in listener.targets.items()
                },
            )
            for key, listener in observed.listeners.items()
        },
    )
    assert all(isinstance(step, SetWeight) for step in plan(observed, changed))


def test_a_changed_protocol_is_the_one_replacement() -> None:
    observed = bound((1, alive(1)))
    udp = replace(SPEC, ports=(Port(Protocol.UDP, 80, 8080),))
    steps = plan(observed, desired_state(udp, [pod(1)], observed=observed, now=NOW))
    assert [type(step) for step in steps] == [DeleteListener, CreateListener, Register]


def test_a_foreign_listener_on_our_port_is_never_a_step() -> None:
    observed = State(LoadBalancer("OPEN"), foreign=frozenset({Key("HTTP", 80)}))
    assert plan(observed, desired_state(SPEC, [pod(1)], now=NOW)) == ()
    assert plan(observed, State()) == ()


def test_a_foreign_target_is_never_a_step() -> None:
    observed = bound((1, alive(1)), (9, Backend(10, "")))
    assert plan(observed, desired_state(SPEC, [pod(1)], observed=observed, now=NOW)) == ()


def test_a_target_nobody_recorded_at_a_pods_address_is_replaced() -> None:
    observed = bound((1, Backend(10, "")))
    assert plan(observed, desired_state(SPEC, [pod(1)], observed=observed, now=NOW)) == (
        Deregister(HTTP, at(1)),
    )


def test_two_hundred_pods_are_one_write_call() -> None:
    pods = [pod(n, ip=f"10.0.1.{n}") for n in range(200)]
    desired = desired_state(SPEC, pods, now=NOW)
    empty = State(LoadBalancer("OPEN"), {HTTP: Listener(HealthCheck())})
    assert write_calls(plan(empty, desired)) == 1


def test_listeners_of_one_shape_are_made_in_one_call() -> None:
    ports = tuple(Port(Protocol.TCP, 80 + n, 8080 + n) for n in range(3))
    steps = plan(State(), desired_state(replace(SPEC, ports=ports), [], now=NOW))
    assert [batch.action for batch in batches(steps)] == ["CreateLoadBalancer", "CreateListener"]


def test_a_pod_is_bound_when_its_containers_are_ready_whatever_its_gate_says() -> None:
    desired = desired_state(SPEC, [pod(1), pod(2, ready=False)], now=NOW)
    assert desired.listeners[HTTP].targets == {at(1): Backend(10, "uid-1")}


def test_a_bound_pod_that_is_unready_keeps_its_target_at_weight_zero() -> None:
    observed = bound((1, alive(1)), (2, alive(2)))
    desired = desired_state(SPEC, [pod(1), pod(2, ready=False)], observed=observed, now=NOW)
    assert plan(observed, desired) == (SetWeight(HTTP, at(2), 0),)


def test_a_terminating_pod_drains_until_its_containers_have_stopped() -> None:
    observed = bound((1, alive(1)), (2, alive(2)))
    leaving = [pod(1), pod(2, terminating=True)]
    assert plan(observed, desired_state(SPEC, leaving, observed=observed, now=NOW)) == (
        SetWeight(HTTP, at(2), 0),
    )
    drained = bound((1, alive(1)), (2, alive(2, 0, NOW - timedelta(hours=1))))
    assert plan(drained, desired_state(SPEC, leaving, observed=drained, now=NOW)) == ()
    stopped = [pod(1), pod(2, terminating=True, running=False)]
    assert plan(drained, desired_state(SPEC, stopped, observed=drained, now=NOW)) == (
        Deregister(HTTP, at(2)),
    )


def test_the_last_alive_target_keeps_its_weight_while_its_containers_run() -> None:
    observed = bound((1, alive(1)), (2, Backend(10, "uid-2")))
    leaving = [pod(1, terminating=True), pod(2)]
    assert plan(observed, desired_state(SPEC, leaving, observed=observed, now=NOW)) == ()


def test_the_floor_counts_only_alive_targets_with_a_weight() -> None:
    observed = bound((1, alive(1)), (2, alive(2, 0)))
    pods = [pod(1, ready=False), pod(2, ready=False)]
    assert plan(observed, desired_state(SPEC, pods, observed=observed, now=NOW)) == ()


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=6))
def test_no_step_takes_the_last_alive_target_out_while_its_pod_runs(
    pods: list[tuple[bool, bool, bool]],
) -> None:
    observed = bound(
        *((n, Backend(10, f"uid-{n}", healthy=healthy)) for n, (healthy, _, _) in enumerate(pods))
    )
    live = [pod(n, ready=ready, terminating=ends) for n, (_, ready, ends) in enumerate(pods)]
    after = settled(observed, desired_state(SPEC, live, observed=observed, now=NOW))
    serving = [b for b in observed.listeners[HTTP].targets.values() if b.healthy]
    still = [b for b in after.listeners[HTTP].targets.values() if b.healthy and b.weight > 0]
    assert bool(serving) == bool(still)


def test_a_pod_that_is_no_longer_selected_drains_and_then_goes() -> None:
    pods = [pod(1), pod(2, labels={"app": "other"})]
    observed = bound((1, alive(1)), (2, alive(2)))
    assert plan(observed, desired_state(SPEC, pods, observed=observed, now=NOW)) == (
        SetWeight(HTTP, at(2), 0),
    )
    drained = bound((1, alive(1)), (2, alive(2, 0, NOW - timedelta(seconds=11))))
    assert plan(drained, desired_state(SPEC, pods, observed=drained, now=NOW)) == (
        Deregister(HTTP, at(2)),
    )


def test_a_recycled_address_is_deregistered_before_it_is_registered_anew() -> None:
    observed = bound((1, alive(1)))
    reborn = [pod(2, ip="10.0.0.1")]
    desired = desired_state(SPEC, reborn, observed=observed, now=NOW)
    assert plan(observed, desired) == (Deregister(HTTP, at(1)),)
    assert plan(bound(), desired) == (Register(HTTP, at(1), 10, "uid-2"),)


def test_deleting_drains_first_and_takes_the_load_balancer_last() -> None:
    observed = bound((1, alive(1)))
    assert plan(observed, desired_state(None, [pod(1)], observed=observed, now=NOW)) == (
        SetWeight(HTTP, at(1), 0),
    )
    drained = bound((1, alive(1, 0, NOW - timedelta(seconds=11))))
    assert plan(drained, desired_state(None, [pod(1)], observed=drained, now=NOW)) == (
        Deregister(HTTP, at(1)),
        DeleteListener(HTTP),
        DeleteLoadBalancer(),
    )


def test_a_load_balancer_with_a_foreign_listener_is_not_deleted() -> None:
    observed = replace(bound(), foreign=frozenset({Key("TCP", 443)}))
    assert plan(observed, desired_state(None, [], observed=observed, now=NOW)) == (
        DeleteListener(HTTP),
    )


def test_over_quota_what_fits_is_bound_and_the_rest_is_named() -> None:
    pods = [pod(n) for n in range(1, 5)]
    observed = bound((4, alive(4)))
    desired = desired_state(SPEC, pods, observed=observed, now=NOW, quota=3)
    assert set(desired.listeners[HTTP].targets) == {at(1), at(2), at(4)}
    assert [(out.pod, out.reason) for out in left_out(SPEC, pods, desired)] == [
        ("bar-3", Why.OVER_QUOTA)
    ]


def test_every_pod_that_is_no_target_says_why() -> None:
    named = replace(SPEC, ports=(Port(Protocol.TCP, 80, "web"), Port(Protocol.TCP, 81, "admin")))
    pods = [pod(1, host_network=True), pod(2, phase="Succeeded"), pod(3, ready=False), pod(4)]
    desired = desired_state(named, pods, now=NOW)
    assert [out.reason for out in left_out(named, pods, desired)] == [
        Why.HOST_NETWORK,
        Why.FINISHED,
        Why.CONTAINERS,
        Why.NO_PORT,
    ]
    assert desired.listeners[HTTP].targets == {at(4): Backend(10, "uid-4")}


def test_an_empty_selector_matches_nothing() -> None:
    desired = desired_state(replace(SPEC, selector=()), [pod(1)], now=NOW)
    assert desired.listeners[HTTP].targets == {}


def test_the_expected_time_is_the_writes_the_health_check_and_the_kubelet() -> None:
    steps = plan(State(), desired_state(SPEC, [pod(1)], now=NOW))
    assert expected_seconds(steps, SPEC) == 10 + 0.5 + 0.5 + 15 + 1
