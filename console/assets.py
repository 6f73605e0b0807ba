"""Static files, ours and the packages', read from where they lie: nothing to collect.

Beside Django, in raw ASGI, and from memory: a file is read and compressed once, and its address
carries a hash of its content, so that a browser that has it never asks again. All style sheets
travel as one, because a page is not drawn before the last of them is there.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.exceptions import SuspiciousOperation

type Scope = MutableMapping[str, Any]
type Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
type Headers = list[tuple[bytes, bytes]]

# tokens.css comes first: the others use what it names.
STYLES = "podgate.css"
FOREVER = b"public, max-age=31536000, immutable"
# Addresses without the hash (a bookmark, an old page): asked for again, answered with 304.
ASK_AGAIN = b"no-cache"
_SAFE: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'"),
]


@dataclass(frozen=True)
class Asset:
    """A static file as it travels; `stamp` tells whether it has changed on disk since."""

    stamp: tuple[int, ...]
    type: str
    body: bytes
    packed: bytes
    tag: str


_paths: dict[str, tuple[Path, ...]] = {}
_assets: dict[str, Asset] = {}


def asset(name: str) -> Asset | None:
    """The file of this name under static/, or None."""
    paths = _paths.get(name) or _find(name)
    if not paths:
        return None
    stamp = tuple(path.stat().st_mtime_ns for path in paths)
    known = _assets.get(name)
    if known is None or known.stamp != stamp:
        known = _assets[name] = _read(name, paths, stamp)
    return known


def _find(name: str) -> tuple[Path, ...]:
    if name == STYLES:
        folder = Path(settings.BASE_DIR) / "static"
        found = sorted(folder.glob("*.css"), key=lambda path: (path.stem != "tokens", path.stem))
    else:
        try:
            found = [Path(path) for path in [finders.find(name)] if path]
        except (SuspiciousOperation, ValueError):
            return ()
    if not all(path.is_file() for path in found):
        return ()
    if found:
        _paths[name] = tuple(found)
    return tuple(found)


def _read(name: str, paths: tuple[Path, ...], stamp: tuple[int, ...]) -> Asset:
    body = b"\n".join(path.read_bytes() for path in paths)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if kind.startswith("text/") or kind.endswith(("javascript", "svg+xml")):
        kind += "; charset=utf-8"
    packed = gzip.compress(body, 9, mtime=0)
    return Asset(stamp, kind, body, packed, hashlib.blake2b(body, digest_size=6).hexdigest())


class Storage(StaticFilesStorage):
    """What `{% static %}` asks for addresses."""

    def url(self, name: str | None) -> str:
        found = asset(name or "")
        if found is None:
            raise ValueError(f"There is no static file {name!r}.")
        return f"{settings.STATIC_URL}{quote(name or '')}?v={found.tag}"


async def serve(scope: Scope, send: Send) -> None:
    """Answer one request below STATIC_URL."""
    if scope["method"] not in {"GET", "HEAD"}:
        return await _answer(scope, send, 405, [(b"allow", b"GET, HEAD")], b"Use GET.")
    found = asset(scope["path"].removeprefix(settings.STATIC_URL))
    if found is None:
        return await _answer(scope, send, 404, [], b"There is no such file.")
    asked = dict(scope["headers"])
    tag = f'"{found.tag}"'.encode()
    version = parse_qs(scope["query_string"].decode("latin-1")).get("v")
    headers: Headers = [
        (b"etag", tag),
        (b"cache-control", FOREVER if version == [found.tag] else ASK_AGAIN),
        (b"vary", b"accept-encoding"),
        (b"content-type", found.type.encode()),
    ]
    if asked.get(b"if-none-match") == tag:
        return await _answer(scope, send, 304, headers, b"")
    if b"gzip" in asked.get(b"accept-encoding", b""):
        return await _answer(
            scope, send, 200, [*headers, (b"content-encoding", b"gzip")], found.packed
        )
    return await _answer(scope, send, 200, headers, found.body)


async def _answer(scope: Scope, send: Send, status: int, headers: Headers, body: bytes) -> None:
    length = [] if status == 304 else [(b"content-length", str(len(body)).encode())]
    start = {"type": "http.response.start", "status": status}
    await send(start | {"headers": [*_SAFE, *headers, *length]})
    sent = b"" if scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": sent, "more_body": False})
