"""Turns, weights, sessions: who gets the next connection."""

from collections import Counter

from sandbox.dataplane.pool import Backend, Pool, Service, interleaved

A, B, C = ("127.0.0.1", 1), ("127.0.0.2", 1), ("127.0.0.3", 1)


def service(*receivers: tuple[Backend, int], **more: object) -> Service:
    members = frozenset(backend for backend, _ in receivers)
    return Service(**{"members": members, "receivers": receivers, **more})  # type: ignore[arg-type]


class Held:
    was_cut = False

    def cut(self) -> None:
        self.was_cut = True


def test_turns_are_spread_over_the_round() -> None:
    assert list(interleaved(((A, 10), (B, 20)))) == [B, A, B]
    assert list(interleaved(((A, 100), (B, 100)))) == [A, B]


def test_weights_hold_over_many_turns() -> None:
    pool = Pool(service((A, 10), (B, 50), (C, 40)))
    assert Counter(pool.pick("c") for _ in range(1000)) == {A: 100, B: 500, C: 400}


def test_nobody_to_take_it() -> None:
    assert Pool(service()).pick("c") is None


def test_least_connections_counts_by_weight() -> None:
    pool = Pool(service((A, 10), (B, 20), scheduler="LEAST_CONN"))
    pool.joined(A, Held())
    assert pool.pick("c") == B
    pool.joined(B, Held())
    assert pool.pick("c") == B


def test_a_session_ends_when_its_time_is_over_or_its_backend_takes_nothing_new() -> None:
    now = [0.0]
    pool = Pool(service((A, 1), (B, 1), session_seconds=10), clock=lambda: now[0])
    first = pool.pick("client")
    assert {pool.pick("client") for _ in range(4)} == {first}
    other = B if first == A else A
    pool.become(service((other, 1), session_seconds=10, members=frozenset({A, B})))
    assert pool.pick("client") == other


def test_leaving_cuts_connections_only_where_asked_to() -> None:
    for reset, cut in ((False, False), (True, True)):
        pool, held = Pool(service((A, 1), (B, 1), reset_on_leave=reset)), Held()
        pool.joined(A, held)
        pool.become(service((B, 1), reset_on_leave=reset))
        assert held.was_cut is cut


def test_a_member_that_receives_nothing_keeps_its_connections() -> None:
    pool, held = Pool(service((A, 1), reset_on_leave=True)), Held()
    pool.joined(A, held)
    pool.become(Service(frozenset({A}), (), reset_on_leave=True))
    assert pool.pick("c") is None
    assert not held.was_cut
