"""get, list and watch: paging over a snapshot, watches with bookmarks, time-outs and 410."""

import asyncio
import base64
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import msgspec

from sandbox.kubernetes import scale, selectors, tables
from sandbox.kubernetes.errors import BadRequest, Gone, StatusError
from sandbox.kubernetes.http import Request, Response, answer
from sandbox.kubernetes.kinds import Object
from sandbox.kubernetes.routes import Target
from sandbox.kubernetes.seen import seen_as, stored_kind
from sandbox.kubernetes.store import Store
from sandbox.kubernetes.watch import Event, Subscription

# The real server sends a bookmark about once a minute and ends watches after 30 to 60 minutes.
BOOKMARK_SECONDS = 60.0
WATCH_SECONDS = 1800
_SNAPSHOTS = 64
_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start"
    " a new list without the continue parameter."
)


def get(store: Store, target: Target, request: Request) -> Response:
    found = store.get(stored_kind(target.kind), target.namespace, target.name)
    if target.subresource == "scale":
        return answer(scale.of(target.kind, found))
    if form := tables.wanted(request.headers.get("accept", "")):
        return answer(tables.table(target.kind, [found], form, _include(request)))
    return answer(seen_as(target.kind, found))


def _include(request: Request) -> str:
    return request.query.get("includeObject", "Metadata")


@dataclass
class Lists:
    """Lists of one store; keeps what a paged list began with, so that its pages fit together."""

    store: Store
    _snapshots: OrderedDict[str, list[Object]] = field(default_factory=OrderedDict)

    def list(self, target: Target, request: Request) -> Response:
        limit = request.number("limit") or 0
        token = request.query.get("continue", "")
        revision, start, items = self._continued(token) if token else self._begun(target, request)
        page = items[start : start + limit] if limit else items[start:]
        metadata: Object = {"resourceVersion": str(revision)}
        rest = len(items) - start - len(page)
        if rest > 0:
            metadata["continue"] = self._token(revision, start + len(page), items)
            if not _selects(request):
                metadata["remainingItemCount"] = rest
        if form := tables.wanted(request.headers.get("accept", "")):
            shown = tables.table(target.kind, page, form, _include(request))
            return answer({**shown, "metadata": metadata})
        return answer(
            {
                "kind": f"{target.kind.kind}List",
                "apiVersion": target.kind.api_version,
                "metadata": metadata,
                "items": [seen_as(target.kind, obj) for obj in page],
            }
        )

    def chosen(self, target: Target, request: Request) -> "Objects":
        """All objects a collection request is about."""
        kind = stored_kind(target.kind)
        return self.store.list(kind, target.namespace or None, _selector(target, request))

    def _begun(self, target: Target, request: Request) -> tuple[int, int, "Objects"]:
        self._check_version(request)
        return self.store.revision, 0, self.chosen(target, request)

    def _check_version(self, request: Request) -> None:
        asked = request.query.get("resourceVersion", "")
        if not asked or asked == "0":
            return
        if not asked.isdigit():
            raise BadRequest(f'Invalid value: "{asked}": strconv.ParseUint: invalid syntax')
        if int(asked) > self.store.revision:
            raise TooNew(int(asked), self.store.revision)
        exact = request.query.get("resourceVersionMatch") == "Exact"
        if exact and int(asked) < self.store.revision:
            raise Gone(f"The resourceVersion for the provided list is too old: {asked}.")

    def _token(self, revision: int, start: int, items: "Objects") -> str:
        key = f"{revision}-{id(items)}"
        self._snapshots[key] = items
        self._snapshots.move_to_end(key)
        if len(self._snapshots) > _SNAPSHOTS:
            self._snapshots.popitem(last=False)
        body = {"v": "meta.k8s.io/v1", "rv": revision, "start": start, "of": key}
        return base64.urlsafe_b64encode(msgspec.json.encode(body)).decode().rstrip("=")

    def _continued(self, token: str) -> tuple[int, int, "Objects"]:
        try:
            said = msgspec.json.decode(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
            revision, start, key = int(said["rv"]), int(said["start"]), said["of"]
        except (ValueError, KeyError, TypeError) as error:
            raise BadRequest(
                "continue key is not valid: the continue token is malformed"
            ) from error
        if key not in self._snapshots:
            raise Gone(_TOO_OLD)
        return revision, start, self._snapshots[key]


Objects = list[Object]


_TOO_LARGE = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}


class TooNew(StatusError):
    """A client that has seen more than this server: it came back from an older world."""

    code, reason = 504, "Timeout"

    def __init__(self, asked: int, current: int) -> None:
        super().__init__(
            f"Too large resource version: {asked}, current: {current}",
            {"causes": [_TOO_LARGE], "retryAfterSeconds": 1},
        )


def _selects(request: Request) -> bool:
    return bool(request.query.get("labelSelector") or request.query.get("fieldSelector"))


def _selector(target: Target, request: Request) -> selectors.Selector | None:
    chosen = selectors.both(
        target.kind, request.query.get("labelSelector", ""), request.query.get("fieldSelector", "")
    )
    if not target.name:
        return chosen
    return lambda obj: obj["metadata"]["name"] == target.name and (not chosen or chosen(obj))


# A watch asks this before every event: None goes on, "dead" falls silent, "gone" ends with 410.
Trouble = Callable[[], str | None]


def watch(
    store: Store, target: Target, request: Request, *, pace: float, trouble: Trouble
) -> Response:
    """A stream of watch events, one JSON object a line."""
    stream = _Watch(store, target, request, trouble, pace)
    return Response(stream=stream.lines())


class _Watch:
    def __init__(
        self, store: Store, target: Target, request: Request, trouble: Trouble, pace: float
    ) -> None:
        self._store = store
        self._kind = target.kind
        self._namespace = target.namespace
        self._selector = _selector(target, request)
        self._since = request.query.get("resourceVersion", "")
        self._form = tables.wanted(request.headers.get("accept", ""))
        self._include = _include(request)
        self._trouble = trouble
        self._ends = time.monotonic() + (request.number("timeoutSeconds") or WATCH_SECONDS)
        self._bookmark_every = (
            BOOKMARK_SECONDS * pace if request.flag("allowWatchBookmarks") else None
        )
        if self._since not in ("", "0") and not self._since.isdigit():
            raise BadRequest(f'resourceVersion: Invalid value: "{self._since}": invalid')
        self._is_first_table = True

    async def lines(self) -> AsyncIterator[bytes]:
        subscription: Subscription | None = None
        try:
            subscription = self._subscribed()
            async for line in self._followed(subscription):
                yield line
        except StatusError as error:
            yield _line("ERROR", error.status())
        finally:
            if subscription:
                subscription.close()

    def _subscribed(self) -> Subscription:
        kind = stored_kind(self._kind)
        if self._since in ("", "0"):
            return self._store.watch(kind)
        if int(self._since) > self._store.revision:
            raise TooNew(int(self._since), self._store.revision)
        return self._store.watch_from(kind, int(self._since))

    async def _followed(self, subscription: Subscription) -> AsyncIterator[bytes]:
        # An empty first chunk makes the server send the head at once.
        yield b""
        next_bookmark = time.monotonic() + (self._bookmark_every or float("inf"))
        while not subscription.closed and time.monotonic() < self._ends:
            match self._trouble():
                case "gone":
                    raise Gone("The resourceVersion for the provided watch is too old.")
                case "dead":
                    await self._silence(subscription)
                    return
            while event := subscription.ready():
                if line := self._event_line(event):
                    yield line
            if time.monotonic() >= next_bookmark and self._bookmark_every:
                next_bookmark = time.monotonic() + self._bookmark_every
                yield self._bookmark()
            await _wait(subscription, min(next_bookmark, self._ends) - time.monotonic())
        if self._bookmark_every and not subscription.closed:
            yield self._bookmark()

    async def _silence(self, subscription: Subscription) -> None:
        """The connection stays open and says nothing more, like one a middlebox forgot."""
        while not subscription.closed:
            while subscription.ready():
                pass
            await subscription.wait()

    def _event_line(self, event: Event) -> bytes | None:
        change = self._change(event)
        if change is None:
            return None
        obj = seen_as(self._kind, event.obj)
        if self._form:
            obj = tables.table(
                self._kind, [event.obj], self._form, self._include, columns=self._is_first_table
            )
            self._is_first_table = False
        return _line(change, obj)

    def _change(self, event: Event) -> str | None:
        """The change seen through the selector: leaving it is a deletion, entering an addition."""
        if self._namespace and event.obj["metadata"].get("namespace") != self._namespace:
            return None
        if self._selector is None:
            return event.type
        matches = self._selector(event.obj)
        matched = event.old is not None and self._selector(event.old)
        match event.type:
            case "ADDED":
                return "ADDED" if matches else None
            case "DELETED":
                return "DELETED" if matched or matches else None
        if matches:
            return "MODIFIED" if matched else "ADDED"
        return "DELETED" if matched else None

    def _bookmark(self) -> bytes:
        metadata = {"resourceVersion": str(self._store.revision), "creationTimestamp": None}
        bare: Object = {
            "kind": self._kind.kind,
            "apiVersion": self._kind.api_version,
            "metadata": metadata,
        }
        if self._form:
            bare = {**tables.table(self._kind, [], self._form, "None"), "metadata": metadata}
        return _line("BOOKMARK", bare)


def _line(change: str, obj: Object) -> bytes:
    return msgspec.json.encode({"type": change, "object": obj}) + b"\n"


async def _wait(subscription: Subscription, seconds: float) -> None:
    try:
        async with asyncio.timeout(max(seconds, 0)):
            await subscription.wait()
    except TimeoutError:
        pass
