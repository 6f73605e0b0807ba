"""The arithmetic of a rolling update, as kubernetes/pkg/controller/deployment does it."""

from hypothesis import given
from hypothesis import strategies as st

from sandbox.kubernetes.controllers.rollout import (
    Fleet,
    absolute,
    margins,
    new_wanted,
    old_wanted,
    proportions,
)

SIZES = st.integers(0, 60)


def test_surge_rounds_up_and_unavailable_rounds_down() -> None:
    rolling = {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
    assert margins(rolling, 10) == (3, 2)
    assert margins({}, 3) == (1, 0)
    assert absolute("50%", 5, default=1, up=True) == 3
    assert absolute(None, 5, default=1, up=True) == 1


def test_a_strategy_that_allows_nothing_may_miss_one() -> None:
    assert margins({"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}, 4) == (0, 1)


def test_the_new_one_grows_into_the_surge_only() -> None:
    old = [Fleet("old", 10, 10, 10)]
    assert new_wanted(Fleet("new", 0, 0, 0), old, replicas=10, surge=3) == 3
    assert new_wanted(Fleet("new", 3, 3, 0), old, replicas=10, surge=3) == 3


def test_the_old_one_shrinks_only_by_what_the_new_one_serves() -> None:
    new, old = Fleet("new", 3, 3, 0), [Fleet("old", 10, 10, 10)]
    assert old_wanted(new, old, replicas=10, unavailable=0) == {"old": 10}
    new = Fleet("new", 3, 3, 2)
    assert old_wanted(new, old, replicas=10, unavailable=0) == {"old": 8}


def test_old_pods_that_do_not_serve_go_first() -> None:
    new, old = Fleet("new", 3, 3, 3), [Fleet("a", 5, 5, 5), Fleet("b", 5, 5, 2)]
    assert old_wanted(new, old, replicas=10, unavailable=0) == {"a": 5, "b": 2}


@given(SIZES, SIZES, SIZES, st.integers(1, 40), st.integers(0, 10), st.integers(0, 10))
def test_a_step_never_takes_more_than_may_be_unavailable(
    new_size: int, old_size: int, serving: int, replicas: int, surge: int, unavailable: int
) -> None:
    unavailable = min(unavailable, replicas)
    new = Fleet("new", new_size, new_size, min(serving, new_size))
    old = Fleet("old", old_size, old_size, old_size)
    kept = old_wanted(new, [old], replicas=replicas, unavailable=unavailable)["old"]
    assert 0 <= kept <= old_size
    if kept < old_size:
        assert kept + new.available >= replicas - unavailable
    grown = new_wanted(new, [old], replicas=replicas, surge=surge)
    if new.wanted < grown:
        assert grown + old_size <= replicas + surge


@given(st.lists(st.integers(1, 30), min_size=1, max_size=4), st.integers(0, 80))
def test_a_change_of_scale_is_shared_without_losing_or_inventing_a_pod(
    sizes: list[int], allowed: int
) -> None:
    fleets = [(Fleet(str(n), size, size, size), sum(sizes)) for n, size in enumerate(sizes)]
    shares = proportions(fleets, allowed)
    assert all(share >= 0 for share in shares.values())
    assert sum(shares.values()) == allowed
