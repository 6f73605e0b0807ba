"""The webhook's caller counts from when a review was due, and hides nothing that went wrong."""

import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.caller import CONNECTIONS, Caller
from bench.webhook import UID, is_gated, requests
from tests.wait import PATIENCE
from tests.webhook import Answerer, Authority, Document, Raw, allowed, annotating, serving

type Call = Callable[..., Caller]


@pytest.fixture
def call(tmp_path: Path) -> Call:
    """Calls a webhook that answers so."""
    authority = Authority()
    pair = authority.issue(tmp_path, "127.0.0.1")

    def called(answerer: Answerer, *, rate: float = 500, seconds: float = 0.1) -> Caller:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.load_verify_locations(cadata=authority.pem.decode())
        with serving(pair) as webhook:
            webhook.on("/hook", answerer)
            host, port = webhook.host, webhook.port
            caller = Caller(host, port, tls, requests(host, "/hook"), is_gated)
            caller.run(rate, seconds)
            uids = [review["request"]["uid"] for review in webhook.asked]
            assert sorted(uids) == [UID.format(number) for number in range(len(uids))]
            assert webhook.connections == CONNECTIONS
        return caller

    return called


def test_every_review_is_sent_once_on_connections_that_are_kept(call: Call) -> None:
    caller = call(annotating("gated"))
    assert (caller.good, caller.failed) == (50, [])
    assert len(caller.seconds) == len(caller.late) == 50


def test_an_answer_without_a_patch_or_of_another_review_has_failed(call: Call) -> None:
    assert len(call(allowed).failed) == 50

    def of_another(review: Document) -> Any:
        return annotating("gated")(review | {"request": review["request"] | {"uid": "another"}})

    assert len(call(of_another).failed) == 50
    assert len(call(lambda _: Raw(code=503)).failed) == 50


def test_who_waits_for_a_free_connection_waits_from_when_it_was_due(call: Call) -> None:
    """The second sixteen wait for the answers to the first, which come all at once."""
    asked: list[Document] = []
    all_are_there = threading.Event()

    def slow(review: Document) -> Any:
        asked.append(review)
        if len(asked) == CONNECTIONS:
            threading.Timer(0.2, all_are_there.set).start()
        assert all_are_there.wait(PATIENCE)
        return annotating("gated")(review)

    caller = call(slow, rate=2000, seconds=2 * CONNECTIONS / 2000)
    assert caller.good == 2 * CONNECTIONS
    assert min(caller.seconds) >= 0.15


def test_a_webhook_that_hangs_up_ends_the_run(call: Call) -> None:
    with pytest.raises(OSError, match="closed before it was answered"):
        call(lambda _: Raw(body=None))
