"""create, update and patch as clients ask for them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sandbox.kubernetes import admission, decoding, managed, objects, patch, scale
from sandbox.kubernetes.auth import User
from sandbox.kubernetes.errors import BadRequest, Cause, Conflict, Forbidden, Invalid, NotFound
from sandbox.kubernetes.http import Request, Response, answer
from sandbox.kubernetes.kinds import KINDS, Kind, Object
from sandbox.kubernetes.routes import Target
from sandbox.kubernetes.seen import as_stored, seen_as, stored_kind
from sandbox.kubernetes.store import Store

# These must be told which version they replace (AllowUnconditionalUpdate is false for them).
_CONDITIONAL = {
    "TkeServiceConfig", "CustomResourceDefinition", "Lease", "PodDisruptionBudget",
    "MutatingWebhookConfiguration",
}  # fmt: skip
# So often a write begins anew because another came in between.
_TRIES = 5

Make = Callable[[Object], Any]


@dataclass(frozen=True)
class Writer:
    store: Store
    minor: int

    async def create(self, target: Target, request: Request, user: User) -> Response:
        kind = stored_kind(target.kind)
        obj, warnings = self._read(target, request, request.document())
        metadata = obj.setdefault("metadata", {})
        if metadata.get("resourceVersion"):
            raise BadRequest("resourceVersion should not be set on objects to be created")
        if not metadata.get("name") and not metadata.get("generateName"):
            message = "Required value: name or generateName is required"
            raise Invalid.of(kind, "", [Cause("FieldValueRequired", "metadata.name", message)])
        self._check_namespace(target, metadata.get("name", ""))
        if "status" in kind.subresources:
            obj.pop("status", None)
        managed.on_write(kind, None, obj, managed.writer(request, target))
        return await self._created(target, request, user, obj, warnings)

    async def _created(
        self, target: Target, request: Request, user: User, obj: Object, warnings: list[str]
    ) -> Response:
        by = admission.caller_of(request, user, "CreateOptions")
        created = await admission.create(
            self.store, target.kind, obj, dry_run=request.is_dry_run, by=by
        )
        return answered(target, created, 201, warnings + by.warnings)

    async def update(self, target: Target, request: Request, user: User) -> Response:
        if target.subresource == "scale":
            return await self._scaled(target, request, user, lambda shown: request.document())
        new, warnings = self._read(target, request, request.document())
        kind = stored_kind(target.kind)
        metadata = new.setdefault("metadata", {})
        if metadata.setdefault("name", target.name) != target.name:
            raise BadRequest(
                f"the name of the object ({metadata['name']}) does not match the name on the URL"
                f" ({target.name})"
            )
        if kind.kind in _CONDITIONAL and not metadata.get("resourceVersion"):
            message = "Invalid value: 0x0: must be specified for an update"
            causes = [Cause("FieldValueInvalid", "metadata.resourceVersion", message)]
            raise Invalid.of(kind, target.name, causes)

        def replacing(old: Object) -> Object:
            fresh = objects.copy(new)
            managed.on_write(kind, old, fresh, managed.writer(request, target))
            return fresh

        return await self._replaced(target, request, user, replacing, warnings)

    async def patch(self, target: Target, request: Request, user: User) -> Response:
        if request.media_type == patch.APPLY:
            return await self._apply(target, request, user)
        document = request.document()
        if target.subresource == "scale":
            return await self._scaled(
                target, request, user, lambda shown: _scale_patched(shown, document, request)
            )
        kind = stored_kind(target.kind)
        warnings: list[str] = []

        def patching(old: Object) -> Object:
            shown = seen_as(target.kind, old)
            changed = patch.patched(target.kind, shown, document, request.media_type)
            new, warnings[:] = self._read(target, request, changed)
            if new.get("metadata", {}).get("name") != target.name:
                message = "Invalid value: field is immutable"
                causes = [Cause("FieldValueInvalid", "metadata.name", message)]
                raise Invalid.of(kind, target.name, causes)
            managed.on_write(kind, old, new, managed.writer(request, target))
            return new

        return await self._replaced(target, request, user, patching, warnings)

    async def _apply(self, target: Target, request: Request, user: User) -> Response:
        """Server-side apply: an object that is not there yet is created."""
        kind = stored_kind(target.kind)
        if target.subresource == "scale":
            raise BadRequest("server-side apply of the scale subresource is not emulated here")
        wanted, warnings = self._read(target, request, request.document())
        wanted.setdefault("metadata", {}).setdefault("name", target.name)
        writer, force = managed.writer(request, target, applies=True), request.flag("force")
        if self.store.find(kind, target.namespace, target.name) is None:
            if target.subresource:
                raise NotFound.of(kind, target.name)
            self._check_namespace(target, target.name)
            fresh = managed.applied(kind, None, wanted, writer, force=force)
            return await self._created(target, request, user, fresh, warnings)

        def applying(old: Object) -> Object:
            return managed.applied(kind, old, wanted, writer, force=force)

        return await self._replaced(target, request, user, applying, warnings)

    async def _replaced(
        self, target: Target, request: Request, user: User, make: Make, warnings: list[str]
    ) -> Response:
        kind = stored_kind(target.kind)
        by = admission.caller_of(request, user, "UpdateOptions")

        async def attempt(old: Object) -> Object:
            new = make(old)
            self._check_body_namespace(target, new)
            return await self._admitted(target, new, old, by)

        new = await self._insist(target, attempt)
        stored = self.store.update(
            kind, new, subresource=target.subresource, dry_run=request.is_dry_run
        )
        return answered(target, stored, 200, warnings + by.warnings)

    async def _scaled(self, target: Target, request: Request, user: User, make: Make) -> Response:
        by = admission.caller_of(request, user, "UpdateOptions")

        async def attempt(old: Object) -> Object:
            shown = scale.of(target.kind, old)
            asked = make(shown)
            asked = asked if isinstance(asked, dict) else {}
            asked["metadata"] = {**_named(target), **(asked.get("metadata") or {})}
            wanted = await self._admitted(target, asked, shown, by)
            new = scale.applied(target.kind, old, wanted)
            managed.on_write(target.kind, old, new, managed.writer(request, target))
            return new

        new = await self._insist(target, attempt)
        stored = self.store.update(target.kind, new, dry_run=request.is_dry_run)
        response = answer(scale.of(target.kind, stored))
        response.warnings = list(by.warnings)
        return response

    async def _admitted(
        self, target: Target, new: Object, old: Object, by: admission.Caller
    ) -> Object:
        asked = admission.Attributes("UPDATE", target.kind, new, old, by, *target.place)
        admitted = await admission.admitted(self.store, asked)
        assert admitted is not None
        return admitted

    async def _insist(
        self, target: Target, attempt: Callable[[Object], Awaitable[Object]]
    ) -> Object:
        """Webhooks take their time: what was written meanwhile is taken up (GuaranteedUpdate)."""
        kind = stored_kind(target.kind)
        for _ in range(_TRIES):
            old = self.store.get(kind, target.namespace, target.name)
            new = await attempt(old)
            if self.store.find(kind, target.namespace, target.name) is old:
                return new
        raise Conflict.modified(kind, target.name)

    def _read(self, target: Target, request: Request, body: Any) -> tuple[Object, list[str]]:
        """The body through the schema; what is unknown is refused or warned of, as asked."""
        if not isinstance(body, dict):
            raise BadRequest("the object provided is unrecognized (must be of type object)")
        _check_type(target.kind, body)
        decoder = decoding.Decoder(stored_kind(target.kind), self.minor)
        obj = decoder.decode(as_stored(target.kind, body))
        # Servers before 1.25 knew no fieldValidation and dropped what they did not know.
        told = request.query.get("fieldValidation", "Warn")
        complaints = [f'unknown field "{path}"' for path in decoder.unknown]
        if complaints and told == "Strict":
            raise BadRequest(
                f'{target.kind.kind} in version "{target.kind.version}" cannot be handled as a '
                f"{target.kind.kind}: strict decoding error: {', '.join(complaints)}"
            )
        if target.kind.namespaced:
            metadata = obj.setdefault("metadata", {})
            self._check_body_namespace(target, obj)
            metadata["namespace"] = target.namespace
        return obj, complaints if told == "Warn" else []

    @staticmethod
    def _check_body_namespace(target: Target, obj: Object) -> None:
        said = obj.get("metadata", {}).get("namespace")
        if target.kind.namespaced and said not in (None, "", target.namespace):
            raise BadRequest(
                "the namespace of the provided object does not match the namespace sent on the"
                " request"
            )

    def _check_namespace(self, target: Target, name: str) -> None:
        """New objects need a namespace that exists and is not on its way out."""
        if not target.kind.namespaced:
            return
        namespace = self.store.get(KINDS["Namespace"], None, target.namespace)
        if objects.is_deleting(namespace):
            error = Forbidden.of(
                target.kind,
                name,
                f"unable to create new content in namespace {target.namespace} because it is being"
                " terminated",
            )
            cause = Cause(
                "NamespaceTerminating",
                "metadata.namespace",
                f"namespace {target.namespace} is being terminated",
            )
            error.details["causes"] = [cause.as_json()]
            raise error


def answered(target: Target, obj: Object, code: int, warnings: list[str]) -> Response:
    response = answer(seen_as(target.kind, obj), code)
    response.warnings = list(dict.fromkeys(warnings))
    return response


def _named(target: Target) -> Object:
    return {"name": target.name, "namespace": target.namespace}


def _scale_patched(shown: Object, document: Any, request: Request) -> Object:
    media_type = patch.MERGE if request.media_type == patch.STRATEGIC else request.media_type
    return patch.patched(Kind("autoscaling", "v1", "Scale", "scales"), shown, document, media_type)


def _check_type(kind: Kind, body: Object) -> None:
    api_version, name = body.get("apiVersion", ""), body.get("kind", "")
    if api_version not in ("", kind.api_version):
        raise BadRequest(
            f"the API version in the data ({api_version}) does not match the expected API version"
            f" ({kind.api_version})"
        )
    if name not in ("", kind.kind):
        raise BadRequest(
            f'{name} in version "{kind.version}" cannot be handled as a {kind.kind}: converting '
            f"({name}) to ({kind.kind}): unknown conversion"
        )
