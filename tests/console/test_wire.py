import socket
from collections.abc import Callable, Iterator

import pytest

from console import answers, wire

Ends = tuple[socket.socket, socket.socket]
SENT = b"GET / HTTP/1.1\r\n\r\n"


@pytest.fixture
def ends() -> Iterator[Ends]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(10)
        yield ours, theirs


@pytest.fixture
def answered(ends: Ends) -> Callable[..., wire.Answer]:
    """Exchanges one request for these bytes; with `closes` the connection ends after them."""

    def exchange(said: bytes, *, closes: bool = False) -> wire.Answer:
        ours, theirs = ends
        theirs.sendall(said)
        if closes:
            theirs.shutdown(socket.SHUT_WR)
        return wire.exchange(ours, SENT)

    return exchange


Answered = Callable[..., wire.Answer]


def test_an_answer_has_its_status_headers_and_body(ends: Ends, answered: Answered) -> None:
    found = answered(b"HTTP/1.1 409 Conflict\r\nAudit-Id: a-1\r\nContent-Length: 2\r\n\r\n{}")
    assert (found.status, found.reason, found.data) == (409, "Conflict", b"{}")
    assert found.headers["audit-id"] == "a-1"
    assert found.keeps
    assert ends[1].recv(100) == SENT


def test_chunks_are_one_body(answered: Answered) -> None:
    found = answered(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\n1\r\n!\r\n0\r\n\r\n"
    )
    assert (found.data, found.keeps) == (b"{}\n!", True)


def test_no_content_is_an_answer(answered: Answered) -> None:
    found = answered(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert (found.status, found.data, found.keeps) == (204, b"", True)


def test_word_of_the_answer_is_not_the_answer(answered: Answered) -> None:
    found = answered(
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"
    )
    assert (found.status, found.reason, found.data, found.keeps) == (200, "OK", b"a", True)


def test_a_body_without_a_length_ends_with_the_connection(answered: Answered) -> None:
    found = answered(b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>", closes=True)
    assert (found.status, found.data, found.keeps) == (502, b"<html>", False)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{}",
    ],
)
def test_an_answer_that_breaks_off_is_an_error(answered: Answered, said: bytes) -> None:
    with pytest.raises(ConnectionResetError):
        answered(said, closes=True)


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        2 * b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_what_is_not_one_answer_is_an_error(answered: Answered, said: bytes) -> None:
    with pytest.raises(ConnectionAbortedError):
        answered(said)


def test_silence_is_a_time_out(ends: Ends) -> None:
    ends[0].settimeout(0.01)
    with pytest.raises(TimeoutError) as caught:
        wire.exchange(ends[0], SENT)
    assert answers.unreachable(caught.value).reason == "TimedOut"


def test_a_connection_that_shall_close_is_not_kept(answered: Answered) -> None:
    said = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    assert not answered(said).keeps


def test_a_request_says_whose_it_is_and_what_its_body_is() -> None:
    same = wire.head({"Host": "a:1"})
    assert (
        wire.request("GET", "/x?a=b", same, None, "") == b"GET /x?a=b HTTP/1.1\r\nHost: a:1\r\n\r\n"
    )
    assert wire.request("PATCH", "/x", same, b"{}", "a/b") == (
        b"PATCH /x HTTP/1.1\r\nHost: a:1\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\n{}"
    )


@pytest.mark.parametrize("target", ["/a b", "/a\r\nHost: evil", "/a\x00"])
def test_a_path_cannot_begin_another_request(target: str) -> None:
    with pytest.raises(ValueError, match="not a path"):
        wire.request("GET", target, b"", None, "")


def test_a_header_cannot_begin_another_one() -> None:
    with pytest.raises(ValueError, match="Authorization"):
        wire.head({"Authorization": "Bearer a\r\nX: y"})
