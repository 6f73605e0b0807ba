"""HTTPS to webhooks over connections that stay open, and what goes wrong in Go's words."""

import asyncio
import os
import re
import socket
import ssl
from asyncio import StreamReader, StreamWriter
from dataclasses import dataclass
from typing import Any

from sandbox.kubernetes.admission import trust
from sandbox.kubernetes.admission.places import Place

_IDLE_SECONDS = 90.0
_HANDSHAKE_SECONDS = 10.0
_KEPT = 100

# The connections of one host, name and caBundle serve each other's requests.
_Key = tuple[str, int, str, str]


class Failed(Exception):
    """No answer; the message is what Go's http client would say."""


class _Closed(Exception):
    """The peer closed a connection that had been idle before it said anything."""


@dataclass(frozen=True)
class Reply:
    code: int
    content_type: str
    body: bytes


@dataclass
class _Line:
    """One open connection."""

    reader: StreamReader
    writer: StreamWriter
    used: bool = False
    timer: asyncio.TimerHandle | None = None

    @property
    def is_open(self) -> bool:
        return not (self.reader.at_eof() or self.writer.is_closing())

    def close(self) -> None:
        if self.timer:
            self.timer.cancel()
        self.writer.close()


_idle: dict[_Key, list[_Line]] = {}


async def post(place: Place, ca_bundle: str, body: bytes) -> Reply:
    """One request and its answer; Failed, or trust.NoRoots for a bundle without certificates."""
    trusting = trust.contexts(ca_bundle)
    key = (place.host, place.port, place.name, ca_bundle)
    while line := _taken(key):
        try:
            return await _asked(line, key, place, body)
        except _Closed:
            continue
    return await _asked(await _opened(place, trusting), key, place, body)


def _taken(key: _Key) -> _Line | None:
    waiting = _idle.get(key, [])
    while waiting:
        line = waiting.pop()
        if line.timer:
            line.timer.cancel()
        if line.is_open:
            return line
        line.close()
    return None


def _kept(key: _Key, line: _Line) -> None:
    waiting = _idle.setdefault(key, [])
    if len(waiting) >= _KEPT or not line.is_open:
        line.close()
        return
    line.used = True
    line.timer = asyncio.get_running_loop().call_later(_IDLE_SECONDS, _dropped, key, line)
    waiting.append(line)


def _dropped(key: _Key, line: _Line) -> None:
    if line in _idle.get(key, ()):
        _idle[key].remove(line)
        if not _idle[key]:
            del _idle[key]
    line.close()


async def _opened(place: Place, trusting: tuple[ssl.SSLContext, ...]) -> _Line:
    first, *others = trusting
    try:
        reader, writer = await _connected(place, first)
    except ssl.SSLCertVerificationError as error:
        if others and not trust.is_about_dates(error):
            return await _opened(place, tuple(others))
        certificate = await _shown_by(place) if trust.is_about_dates(error) else None
        raise Failed(str(trust.refused(error, certificate))) from error
    except ssl.SSLError as error:
        raise Failed(_tls_words(error)) from error
    except OSError as error:
        raise Failed(_dial_words(place, error)) from error
    try:
        trust.check_name(writer.get_extra_info("peercert") or {}, place.name)
    except trust.Untrusted as error:
        writer.close()
        raise Failed(str(error)) from error
    return _Line(reader, writer)


async def _connected(place: Place, secured: ssl.SSLContext) -> tuple[StreamReader, StreamWriter]:
    if place.host.endswith(".invalid"):
        # RFC 6761: nobody is asked for such a name. A resolver that is away would take its time.
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return await asyncio.open_connection(
        place.host,
        place.port,
        ssl=secured,
        server_hostname=place.name,
        ssl_handshake_timeout=_HANDSHAKE_SECONDS,
        limit=1 << 20,
    )


async def _shown_by(place: Place) -> bytes | None:
    try:
        _, writer = await _connected(place, trust.blind())
    except OSError:
        return None
    try:
        shown: bytes | None = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return shown
    finally:
        writer.close()


def _tls_words(error: ssl.SSLError) -> str:
    reason = error.reason or ""
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST"):
        return "http: server gave HTTP response to HTTPS client"
    alert = reason.lower().replace("_", " ")
    if "alert" in alert:
        return f"remote error: tls: {alert.rpartition('alert ')[2]}"
    return f"tls: {alert or error}"


def _dial_words(place: Place, error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return f"dial tcp: lookup {place.host}: no such host"
    if isinstance(error, ConnectionAbortedError):
        return "net/http: TLS handshake timeout"
    if isinstance(error, ConnectionResetError):
        return "EOF" if not error.errno else "read: connection reset by peer"
    # A name with several addresses fails with one error that quotes all of theirs.
    quoted = re.search(r"\[Errno (\d+)\]|error (\d+)", str(error))
    number = error.errno or (int(quoted[1] or quoted[2]) if quoted else 0)
    why = os.strerror(number).lower() if number else str(error)
    return f"dial tcp {place.host}:{place.port}: connect: {why}"


async def _asked(line: _Line, key: _Key, place: Place, body: bytes) -> Reply:
    try:
        line.writer.write(_head(place, len(body)) + body)
        await line.writer.drain()
        reply, stays = await _reply(line.reader)
    except BaseException as error:
        line.close()
        if line.used and _said_nothing(error):
            raise _Closed from error
        if isinstance(error, OSError | EOFError | ValueError | asyncio.LimitOverrunError):
            raise Failed(_read_words(error)) from error
        raise
    if stays:
        _kept(key, line)
    else:
        line.close()
    return reply


def _said_nothing(error: BaseException) -> bool:
    if isinstance(error, asyncio.IncompleteReadError):
        return not error.partial
    return isinstance(error, ConnectionError)


def _read_words(error: Exception) -> str:
    match error:
        case asyncio.IncompleteReadError():
            return "unexpected EOF" if error.partial else "EOF"
        case ssl.SSLError():
            return _tls_words(error)
        case ConnectionError():
            return "read: connection reset by peer"
        case ValueError():
            return f"net/http: HTTP/1.x transport connection broken: {error}"
    return str(error)


def _head(place: Place, length: int) -> bytes:
    return (
        f"POST {place.path} HTTP/1.1\r\nHost: {place.authority}\r\n"
        "User-Agent: kube-apiserver-admission\r\nAccept: application/json, */*\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


async def _reply(reader: StreamReader) -> tuple[Reply, bool]:
    """An answer, and whether the connection may be used again."""
    code, version, headers = await _reply_head(reader)
    while code == 100:
        code, version, headers = await _reply_head(reader)
    stays = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = await _chunks(reader)
    elif "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    else:
        body, stays = (b"", stays) if code in (204, 304) else (await reader.read(), False)
    return Reply(code, headers.get("content-type", ""), body), stays


async def _reply_head(reader: StreamReader) -> tuple[int, str, dict[str, Any]]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    version, _, rest = first.partition(" ")
    code = rest[:3]
    if not (version.startswith("HTTP/1.") and code.isdigit()):
        raise ValueError(f'malformed HTTP response "{first}"')
    pairs = (line.partition(":") for line in lines)
    return int(code), version, {name.strip().lower(): value.strip() for name, _, value in pairs}


async def _chunks(reader: StreamReader) -> bytes:
    parts: list[bytes] = []
    while True:
        size = int((await reader.readline()).split(b";")[0] or b"0", 16)
        part = await reader.readexactly(size + 2)
        if size == 0:
            return b"".join(parts)
        parts.append(part[:-2])
