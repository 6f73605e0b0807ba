from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.binding.plan import (
    DeleteListener,
    DeleteLoadBalancer,
    Deregister,
    ModifyListener,
    Register,
    SetWeight,
    expected_seconds,
    plan,
)
from services.binding.state import (
    Backend,
    Key,
    Listener,
    State,
    Why,
    desired_state,
    left_out,
)
from services.spec import CheckType, HealthCheck, Port, Protocol
from tests.services.binding.shapes import DNS, HTTP, NOW, SPEC, alive, at, bound, pod, settled


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


def test_one_protocol_of_a_port_drains_while_the_other_stays() -> None:
    udp = Listener(HealthCheck(type=CheckType.PING), 0, {at(1): alive(1)})
    both = replace(bound((1, alive(1))), listeners={**bound((1, alive(1))).listeners, DNS: udp})
    steps = plan(both, desired_state(SPEC, [pod(1)], observed=both, now=NOW))
    assert steps == (SetWeight(DNS, at(1), 0),)


def test_a_weight_of_zero_waits_for_no_change_of_a_listener() -> None:
    observed = bound((1, alive(1)), (2, alive(2)))
    spec = replace(SPEC, health=HealthCheck(interval=2))
    pods = [pod(1), pod(2, terminating=True)]
    steps = plan(observed, desired_state(spec, pods, observed=observed, now=NOW))
    assert isinstance(steps[0], SetWeight)
    assert isinstance(steps[1], ModifyListener)


def test_a_global_router_pod_is_a_target_where_its_network_is_routed() -> None:
    desired = desired_state(SPEC, [pod(1)], now=NOW, add_on="GLOBAL_ROUTER")
    assert desired.listeners[HTTP].targets == {at(1): Backend(10, "uid-1")}


def test_without_a_route_no_new_global_router_pod_is_bound_and_each_is_told_why() -> None:
    at_router: dict[str, Any] = {"add_on": "GLOBAL_ROUTER", "unrouted": "No route."}
    desired = desired_state(SPEC, [pod(1)], now=NOW, **at_router)
    assert desired.listeners[HTTP].targets == {}
    (left,) = left_out(SPEC, [pod(1)], desired, **at_router)
    assert (left.reason, left.message) == (Why.NO_ROUTE, "No route.")


def test_a_route_that_goes_missing_takes_no_bound_target_away() -> None:
    """What was read of the cloud may be wrong for a moment; an outage is not made of it."""
    at_router: dict[str, Any] = {"add_on": "GLOBAL_ROUTER", "unrouted": "No route."}
    observed = bound((1, alive(1)))
    desired = desired_state(SPEC, [pod(1), pod(2)], observed=observed, now=NOW, **at_router)
    assert plan(observed, desired) == ()
    (left,) = left_out(SPEC, [pod(1), pod(2)], desired, **at_router)
    assert left.pod == "bar-2"
