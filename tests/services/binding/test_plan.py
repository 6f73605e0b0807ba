from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.binding.plan import (
    CreateListener,
    CreateLoadBalancer,
    DeleteListener,
    DeleteLoadBalancer,
    Deregister,
    Register,
    SetWeight,
    batches,
    plan,
    write_calls,
)
from services.binding.state import (
    Backend,
    Key,
    Listener,
    LoadBalancer,
    State,
    desired_state,
)
from services.spec import HealthCheck, Port, Protocol
from tests.services.binding.shapes import (
    HTTP,
    NOW,
    SPEC,
    alive,
    at,
    bound,
    performed,
    pod,
    settled,
    states,
    without_idle,
)


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
    desired = without_idle(desired, reached)
    assert settled(reached, desired) == desired


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


@given(states, states)
def test_a_desired_weight_of_zero_never_causes_a_registration(
    observed: State, desired: State
) -> None:
    assert all(s.weight > 0 for s in plan(observed, desired) if isinstance(s, Register))


@given(states, states)
def test_weights_of_zero_come_before_the_others(observed: State, desired: State) -> None:
    raised = [s.weight > 0 for s in plan(observed, desired) if isinstance(s, SetWeight)]
    assert raised == sorted(raised)


@given(states, states)
def test_a_target_of_another_pod_keeps_its_weight_until_it_is_deregistered(
    observed: State, desired: State
) -> None:
    for step in plan(observed, desired):
        if isinstance(step, SetWeight):
            has, wants = (s.listeners[step.key].targets[step.target] for s in (observed, desired))
            assert has.pod == wants.pod
