"""One API server: from a request to its answer."""

import asyncio
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.faults import Faults
from sandbox.kubernetes import auth, logging, reading, reviews
from sandbox.kubernetes.auth import User
from sandbox.kubernetes.calls import Call, Calls
from sandbox.kubernetes.discovery import Discovery
from sandbox.kubernetes.errors import (
    Conflict,
    Forbidden,
    Gone,
    InternalError,
    MethodNotAllowed,
    NoSuchPath,
    StatusError,
    TooManyRequests,
)
from sandbox.kubernetes.evicting import Evictor
from sandbox.kubernetes.http import Request, Response, answer, refusal
from sandbox.kubernetes.kinds import Object
from sandbox.kubernetes.openapi import OpenApi
from sandbox.kubernetes.removing import Remover
from sandbox.kubernetes.routes import REVIEWS, Router, Target
from sandbox.kubernetes.seen import stored_kind
from sandbox.kubernetes.store import Store
from sandbox.kubernetes.writing import Writer
from sandbox.world import Cluster

WRITES = ("create", "update", "patch", "delete", "deletecollection")
_HANG_SECONDS = 60.0


@dataclass(frozen=True)
class Hung(Exception):
    """A fault: the answer never comes, though with `done` the work was done."""

    seconds: float


class Api:
    def __init__(
        self,
        cluster: Cluster,
        store: Store,
        tokens: tuple[str, str],
        *,
        faults: Faults,
        calls: Calls,
        pace: float = 1.0,
    ) -> None:
        self.cluster = cluster
        self.store = store
        self._tokens = tokens
        self._faults = faults
        self._calls = calls
        self._pace = pace
        self._router = Router(cluster.minor)
        self._discovery = Discovery(cluster, self._router.kinds)
        self._openapi = OpenApi(cluster, self._router.kinds)
        self._lists = reading.Lists(store)
        self._writer = Writer(store, cluster.minor)
        self._remover = Remover(store)
        self._evictor = Evictor(store, cluster.minor)

    async def handle(self, request: Request) -> Response:
        began = time.time()
        call = Call(began, self.cluster.id, request.method, request.path, dict(request.query))
        try:
            response = await self._answered(request, call)
        except StatusError as error:
            response = refusal(error)
            if seconds := error.details.get("retryAfterSeconds"):
                response.headers["Retry-After"] = str(seconds)
        except Hung as hung:
            await asyncio.sleep(hung.seconds)
            response = refusal(InternalError("the answer was lost"))
        response.headers["Audit-Id"] = call.request_id = str(uuid.uuid4())
        response.headers.setdefault("Cache-Control", "no-cache, private")
        call.code, call.took = response.code, time.time() - began
        self._calls.note(call)
        return response

    async def _answered(self, request: Request, call: Call) -> Response:
        user = auth.user_of(request.headers.get("authorization", ""), *self._tokens)
        call.user = user.name
        if found := self._unresourceful(request, user):
            return found
        target = self._router.target(request.method, request.path, watch=request.flag("watch"))
        call.verb, call.resource, call.name = target.verb, target.resource, target.name
        call.namespace = target.namespace
        auth.check(user, target)
        if target.kind in REVIEWS:
            return answer(reviews.answer(target.kind, user, request.document()), 201)
        about = self._about(target, user)
        self._strike_before(target, about, is_next_page="continue" in request.query)
        if target.verb in WRITES:
            try:
                response = await self._written(target, request, user)
            finally:
                self.store.written = True
            self.store.flush()
        else:
            response = self._read(target, request, about)
        if hit := self._faults.strike("timeout_after", target.verb, about):
            raise Hung(float(hit.options.get("hang", _HANG_SECONDS)))
        return response

    def _unresourceful(self, request: Request, user: User) -> Response | None:
        """Paths that are not resources: health, version, discovery, OpenAPI."""
        path = request.path.rstrip("/")
        if path in ("/healthz", "/livez", "/readyz"):
            return Response(body=b"ok", media_type="text/plain; charset=utf-8")
        if path == "":
            auth.check_path(user, "/", "get")
            paths = [f"/{each}" for each in self._discovery.paths()]
            return answer({"paths": sorted([*paths, "/api", "/apis", "/healthz", "/version"])})
        if path.startswith("/openapi/"):
            auth.check_path(user, path, "get")
            return self._openapi.answer(path, request.headers.get("accept", ""))
        if not path.startswith(("/api", "/version")):
            raise NoSuchPath
        found = self._discovery.answer(path)
        if found is None:
            return None
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed
        auth.check_path(user, path, "get")
        return answer(found)

    def _read(self, target: Target, request: Request, about: Object) -> Response:
        match target.verb:
            case "get" if target.subresource == "log":
                return logging.read(self.store, target, request)
            case "get":
                return reading.get(self.store, target, request)
            case "list":
                return self._lists.list(target, request)
        return reading.watch(
            self.store, target, request, pace=self._pace, trouble=self._watch_trouble(about)
        )

    def _watch_trouble(self, about: Object) -> Callable[[], str | None]:
        def trouble() -> str | None:
            if self._faults.strike("gone_410", "watch", about):
                return "gone"
            return "dead" if self._faults.strike("dead_watch", "watch", about) else None

        return trouble

    async def _written(self, target: Target, request: Request, user: User) -> Response:
        if self.cluster.read_only:
            raise Forbidden(
                f"{target.resource} is forbidden: the sandbox's cluster {self.cluster.id} "
                f"(Kubernetes {self.cluster.version}) answers reads only"
            )
        match target.verb:
            case "create" if target.subresource == "eviction":
                return await self._evictor.evict(target, request, user)
            case "create":
                return await self._writer.create(target, request, user)
            case "update":
                return await self._writer.update(target, request, user)
            case "patch":
                return await self._writer.patch(target, request, user)
            case "delete":
                return await self._remover.delete(target, request, user)
        chosen = self._lists.chosen(target, request)
        return await self._remover.delete_collection(target, request, user, chosen=chosen)

    def _about(self, target: Target, user: User) -> Object:
        """What the `match` of a fault is held against."""
        return {
            "cluster": self.cluster.id,
            "verb": target.verb,
            "kind": target.kind.kind,
            "resource": target.kind.plural,
            "subresource": target.subresource,
            "namespace": target.namespace,
            "name": target.name,
            "user": user.name,
        }

    def _strike_before(self, target: Target, about: Object, *, is_next_page: bool) -> None:
        def hit(fault: str) -> Object | None:
            found = self._faults.strike(fault, target.verb, about)
            return None if found is None else dict(found.options)

        if hit("throttle") is not None:
            raise TooManyRequests(
                "too many requests, please try again later", {"retryAfterSeconds": 1}
            )
        if hit("error_500") is not None:
            raise InternalError("Internal error occurred: etcdserver: request timed out")
        if hit("forbidden") is not None:
            raise Forbidden.of(target.kind, target.name, "the sandbox was told to refuse this")
        if is_next_page and target.verb == "list" and hit("gone_410") is not None:
            raise Gone("The resourceVersion for the provided list is too old.")
        if target.verb in ("update", "patch") and hit("conflict") is not None:
            raise Conflict.modified(stored_kind(target.kind), target.name)
        if (options := hit("timeout_before")) is not None:
            raise Hung(float(options.get("hang", _HANG_SECONDS)))
