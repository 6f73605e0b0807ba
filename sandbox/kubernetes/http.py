"""Requests and responses of an API server, and the ASGI application that carries them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import yaml

from sandbox.kubernetes.errors import BadRequest, StatusError, UnsupportedMediaType
from sandbox.kubernetes.kinds import Object

JSON = "application/json"
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip() or JSON

    @property
    def is_dry_run(self) -> bool:
        asked = self.query.get("dryRun", "")
        if asked not in ("", "All"):
            raise BadRequest(f'Invalid value: "{asked}": supported values: "All"')
        return asked == "All"

    def flag(self, name: str) -> bool:
        return self.query.get(name, "") in ("1", "true", "True")

    def number(self, name: str) -> int | None:
        text = self.query.get(name, "")
        if not text:
            return None
        try:
            return int(text)
        except ValueError:
            raise BadRequest(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None

    def document(self) -> Any:
        """The body as JSON or YAML; what cannot be read is a 400 or 415."""
        try:
            if self.media_type.endswith("yaml"):
                return yaml.safe_load(self.body)
            if self.media_type.endswith("json"):
                return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, yaml.YAMLError) as error:
            raise BadRequest(f"couldn't get version/kind; json parse error: {error}") from error
        raise UnsupportedMediaType(
            "the body of the request was in an unknown format - accepted media types include: "
            "application/json, application/yaml"
        )


@dataclass
class Response:
    """An answer: an object, or a stream of chunks."""

    code: int = 200
    body: bytes = b""
    media_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    stream: AsyncIterator[bytes] | None = None


def answer(obj: Object, code: int = 200) -> Response:
    return Response(code, msgspec.json.encode(obj))


def refusal(error: StatusError) -> Response:
    response = answer(error.status(), error.code)
    response.warnings = list(error.warnings)
    return response


Handler = Callable[[Request], Awaitable[Response]]


class Application:
    """ASGI around one handler."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(
            scope["method"],
            scope["path"],
            dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True)),
            {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]},
            await _body(receive),
        )
        response = await self._handler(request)
        await send(
            {"type": "http.response.start", "status": response.code, "headers": _head(response)}
        )
        if response.stream is None:
            await send({"type": "http.response.body", "body": response.body})
            return
        await _pour(response.stream, receive, send)


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _head(response: Response) -> list[tuple[bytes, bytes]]:
    head = [(b"content-type", response.media_type.encode())]
    head += [(name.lower().encode(), value.encode()) for name, value in response.headers.items()]
    for warning in response.warnings:
        quoted = warning.replace("\\", "\\\\").replace('"', '\\"')
        head.append((b"warning", f'299 - "{quoted}"'.encode()))
    if response.stream is None:
        head.append((b"content-length", str(len(response.body)).encode()))
    return head


async def _pour(stream: AsyncIterator[bytes], receive: Receive, send: Send) -> None:
    """Send the chunks until they end or the client goes away."""

    async def chunks() -> None:
        async for chunk in stream:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    pouring = asyncio.create_task(chunks())
    leaving = asyncio.create_task(_gone(receive))
    try:
        await asyncio.wait((pouring, leaving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        pouring.cancel()
        leaving.cancel()
        await asyncio.gather(pouring, leaving, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
