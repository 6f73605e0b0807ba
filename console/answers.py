"""What an API server answered, as values or as errors; the error's type comes from the code."""

import threading
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal

import msgspec
import urllib3
from urllib3.exceptions import HTTPError

from console import transport


class KubeError(Exception):
    """What the API server answered, or status 0 when it could not be reached."""

    def __init__(self, status: int, reason: str, message: str, request_id: str = "") -> None:
        super().__init__(message or reason)
        self.status = status
        self.reason = reason
        self.message = message
        self.request_id = request_id


class NotFound(KubeError):
    pass


class Conflict(KubeError):
    """409: reason AlreadyExists for a create, Conflict for a stale resourceVersion."""


class Gone(KubeError):
    """410: the resourceVersion or the continue token is too old; list again."""


ERRORS: dict[int, type[KubeError]] = {404: NotFound, 409: Conflict, 410: Gone}


class Status(msgspec.Struct):
    """Kubernetes' error object."""

    code: int = 0
    reason: str = ""
    message: str = ""


_making = threading.Lock()


def decoder(into: Any) -> msgspec.json.Decoder[Any]:
    """The decoder of this type, made by one thread at a time.

    msgspec completes a struct when it is first asked for it, in Python code between which threads
    change: a second one that finds it half made ends the process with a segmentation fault.
    """
    with _making:
        return _decoder(into)


@lru_cache(maxsize=256)
def _decoder(into: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(into)


def decode[T](body: bytes, into: type[T]) -> T:
    key: Any = into
    try:
        decoded: T = decoder(key).decode(body)
    except msgspec.MsgspecError as error:
        message = f"The API server's answer is not understood: {error}"
        raise KubeError(0, "BadAnswer", message) from error
    return decoded


def failure(response: urllib3.BaseHTTPResponse, request_id: str) -> KubeError:
    body = b""
    try:
        body = response.data
        status = decoder(Status).decode(body)
    except (HTTPError, msgspec.MsgspecError):
        # A proxy in between, or an answer that broke off.
        status = Status(message=body[:200].decode(errors="replace"))
    kind = ERRORS.get(response.status, KubeError)
    reason = status.reason or response.reason or str(response.status)
    return kind(response.status, reason, status.message or reason, request_id)


def unreachable(error: Exception) -> KubeError:
    """Status 0, with the cause in a word: what the list of clusters shows."""
    refused = transport.refused(error)
    if refused:
        return KubeError(0, "AddressRefused", str(refused))
    if isinstance(error, urllib3.exceptions.SSLError):
        return KubeError(0, "TLSFailed", f"TLS with the API server failed: {error}")
    refused_connection = isinstance(error, urllib3.exceptions.NewConnectionError)
    if isinstance(error, urllib3.exceptions.TimeoutError) and not refused_connection:
        return KubeError(0, "TimedOut", f"The API server did not answer in time: {error}")
    return KubeError(0, "Unreachable", f"The API server cannot be reached: {error}")


class Event[T](msgspec.Struct, frozen=True):
    """A watch event; of a BOOKMARK's object only `metadata.resourceVersion` counts."""

    type: Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]
    object: T


class _WireEvent(msgspec.Struct):
    type: Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"]
    object: msgspec.Raw


def lines(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """The lines of a stream, each as soon as it is complete."""
    rest = b""
    while piece := response.read1(65536):
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line for line in whole if line.strip())


def event[T](line: bytes, into: type[T]) -> Event[T]:
    wire = decode(line, _WireEvent)
    if wire.type == "ERROR":
        status = decode(bytes(wire.object), Status)
        kind = ERRORS.get(status.code, KubeError)
        raise kind(status.code, status.reason, status.message)
    return Event(wire.type, decode(bytes(wire.object), into))
