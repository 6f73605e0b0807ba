"""The only door to Kubernetes: raw verbs and watches, decoded by msgspec, errors by code.

The official client gives authentication, TLS and the connection pool; its models stay unused,
because decoding 10,000 Pods into them takes 70 times as long.
"""

import json
import ssl
import threading
import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal, overload
from urllib.parse import urlencode, urlsplit

import msgspec
import urllib3
from urllib3.exceptions import HTTPError, ReadTimeoutError

from console import doors, secrets, transport
from console.addresses import Refused
from console.answers import (
    Conflict,
    Event,
    Gone,
    KubeError,
    NotFound,
    decode,
    event,
    failure,
    lines,
    unreachable,
)
from console.kinds import List, path
from console.models import Cluster

__all__ = ["Conflict", "Event", "Gone", "Kube", "KubeError", "NotFound", "connect", "path"]

CONNECT_SECONDS = 3.0
READ_SECONDS = 15.0
POOL_SIZE = 32
# A watch asks the server to end after this long; silence for longer is a dead connection.
WATCH_SECONDS = 30
WATCH_GRACE_SECONDS = 5.0
FIELD_MANAGER = "podgate"

_PATCHES = {
    "strategic": "application/strategic-merge-patch+json",
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    # Server-side apply; JSON is YAML.
    "apply": "application/apply-patch+yaml",
}
PatchKind = Literal["strategic", "merge", "json", "apply"]


class Kube:
    """One API server; safe to share between threads."""

    def __init__(self, server: str, ca_data: str, credentials: dict[str, str]) -> None:
        self.server = server.rstrip("/")
        self._pool = _pool(self.server, transport.tls(ca_data, credentials))
        self._prefix = urlsplit(self.server).path
        self._headers = {"Accept": "application/json", "User-Agent": "podgate"}
        if token := credentials.get("token"):
            self._headers["Authorization"] = f"Bearer {token}"

    @overload
    def get(self, path: str, **params: Any) -> dict[str, Any]: ...
    @overload
    def get[T](self, path: str, into: type[T], **params: Any) -> T: ...
    def get(self, path: str, into: type[Any] = dict, **params: Any) -> Any:
        """One object, or one unpaged list, decoded into `into`."""
        return decode(self._ask("GET", path, params), into)

    def pages[T](
        self, path: str, into: type[List[T]], *, limit: int = 500, **params: Any
    ) -> Iterator[List[T]]:
        """The pages of a list; Gone when the list took too long."""
        token = ""
        while True:
            asked = params | {"limit": limit} | ({"continue": token} if token else {})
            body = self._ask("GET", path, asked)
            page = decode(body, into)
            yield page
            token = page.metadata.continue_
            if not token:
                return

    def text(self, path: str, **params: Any) -> bytes:
        """An answer that is no JSON: a container's log."""
        return self._ask("GET", path, params)

    def follow(self, path: str, *, silence: float, **params: Any) -> Iterator[bytes]:
        """The lines of such an answer as they are written; ends with it, or after `silence`."""
        response = self._stream(path, params | {"follow": True}, silence)
        try:
            yield from lines(response)
        except ReadTimeoutError:
            return
        except HTTPError as error:
            raise unreachable(error) from error
        finally:
            response.close()
            response.release_conn()

    def create(self, path: str, body: dict[str, Any], **params: Any) -> dict[str, Any]:
        return self._write("POST", path, body, params)

    def replace(self, path: str, body: dict[str, Any], **params: Any) -> dict[str, Any]:
        return self._write("PUT", path, body, params)

    def patch(
        self,
        path: str,
        body: dict[str, Any] | list[Any],
        *,
        kind: PatchKind = "strategic",
        **params: Any,
    ) -> dict[str, Any]:
        return self._write("PATCH", path, body, params, content_type=_PATCHES[kind])

    def delete(
        self, path: str, body: dict[str, Any] | None = None, **params: Any
    ) -> dict[str, Any]:
        """Delete; `body` is DeleteOptions (preconditions, propagationPolicy)."""
        return decode(self._ask("DELETE", path, params, body), dict)

    def watch[T](
        self,
        path: str,
        into: type[T],
        *,
        resource_version: str,
        timeout: float = WATCH_SECONDS,
        **params: Any,
    ) -> Iterator[Event[T]]:
        """Events after `resource_version`, bookmarks among them, until the server ends it.

        A silent connection ends as KubeError status 0 after `timeout` plus a grace.
        """
        asked = params | {
            "watch": True,
            "allowWatchBookmarks": True,
            "resourceVersion": resource_version,
            "timeoutSeconds": max(1, round(timeout)),
        }
        response = self._stream(path, asked, timeout + WATCH_GRACE_SECONDS)
        try:
            for line in lines(response):
                yield event(line, into)
        except HTTPError as error:
            raise unreachable(error) from error
        finally:
            # Half-read answers cannot go back into the pool.
            response.close()
            response.release_conn()

    def _write(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | list[Any],
        params: dict[str, Any],
        content_type: str = "application/json",
    ) -> dict[str, Any]:
        params = {"fieldManager": FIELD_MANAGER} | params
        return decode(self._ask(method, path, params, body, content_type=content_type), dict)

    def _ask(
        self,
        method: str,
        path: str,
        params: dict[str, Any],
        body: object = None,
        content_type: str = "application/json",
    ) -> bytes:
        return self._send(method, path, params, body=body, content_type=content_type).data

    def _stream(
        self, path: str, params: dict[str, Any], read_seconds: float
    ) -> urllib3.BaseHTTPResponse:
        return self._send("GET", path, params, read_seconds=read_seconds, stream=True)

    def _send(
        self,
        method: str,
        path: str,
        params: dict[str, Any],
        *,
        body: object = None,
        content_type: str = "application/json",
        read_seconds: float = READ_SECONDS,
        stream: bool = False,
    ) -> urllib3.BaseHTTPResponse:
        """Send once and tell the listeners; raises KubeError for anything but success."""
        headers = self._headers | ({"Content-Type": content_type} if body is not None else {})
        started = time.monotonic()
        try:
            response = self._pool.urlopen(
                method,
                f"{self._prefix}{path}{_query(params)}",
                body=None if body is None else msgspec.json.encode(body),
                headers=headers,
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=read_seconds),
                preload_content=not stream,
                # Neither repeated nor redirected: a redirect could leave the allowed addresses.
                retries=False,
                redirect=False,
            )
        except (HTTPError, Refused, OSError) as error:
            lost = unreachable(error)
            _tell(method, path, started, lost)
            raise lost from error
        request_id = response.headers.get("Audit-Id", "")
        if 200 <= response.status < 300:
            _tell(method, path, started, None, request_id)
            return response
        refusal = failure(response, request_id)
        _tell(method, path, started, refusal, request_id)
        raise refusal


_making = threading.Lock()


def connect(cluster: Cluster) -> Kube:
    """The connection pool of this cluster, made anew when its address or credentials change."""
    # One thread at a time: the client's modules import each other in a circle, and of two threads
    # that begin at once one finds them half made.
    try:
        with _making:
            return _connection(cluster.server, cluster.ca_data, cluster.credentials)
    except secrets.Unreadable as error:
        raise KubeError(0, "UnreadableCredentials", str(error)) from None


@lru_cache(maxsize=1024)
def _connection(server: str, ca_data: str, credentials: str) -> Kube:
    return Kube(server, ca_data, json.loads(secrets.decrypt(credentials)))


def _query(params: dict[str, Any]) -> str:
    words = {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in params.items()
        if value is not None
    }
    return f"?{urlencode(words)}" if words else ""


def _tell(
    method: str, path: str, started: float, error: KubeError | None, request_id: str = ""
) -> None:
    doors.tell(
        doors.Call(
            door="kubernetes",
            action=f"{method} {path}",
            write=method != "GET",
            request_id=request_id,
            took=time.monotonic() - started,
            ok=error is None,
            code=error.reason if error else "",
        )
    )


def load() -> None:
    """Import the official client, which takes a second or two: it brings all its models along.

    Commands that talk to no cluster do without. A process of many threads does it first, because
    an import that is given up half way, in a thread, leaves a half of the client behind.
    """
    with doors.importing:
        import kubernetes.client.rest  # noqa: F401


def _pool(server: str, context: ssl.SSLContext) -> urllib3.HTTPSConnectionPool:
    """The official client's connections to one server, led past our checks.

    The pool of that server alone: finding it anew for every call costs a quarter of the call.
    """
    with doors.importing:
        from kubernetes.client.configuration import Configuration
        from kubernetes.client.rest import RESTClientObject

    configuration = Configuration(host=server, connection_pool_maxsize=POOL_SIZE, retries=False)
    # Proxies of the environment are for the operator's shell, not for API servers.
    configuration.proxy = None
    manager: urllib3.PoolManager = RESTClientObject(configuration).pool_manager
    pool = transport.guarded(manager, context).connection_from_url(server)
    assert isinstance(pool, urllib3.HTTPSConnectionPool)
    return pool
