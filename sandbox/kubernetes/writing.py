"""create, update, patch and delete as clients ask for them."""

from dataclasses import dataclass
from typing import Any

from sandbox.kubernetes import admission, decoding, managed, objects, patch, scale
from sandbox.kubernetes.errors import BadRequest, Cause, Forbidden, Invalid, NotFound
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
# A deletion answers with the object itself for these, with a Status for the others.
_RETURNED = {"Pod", "Service", "ServiceAccount", "Namespace"}


@dataclass(frozen=True)
class Writer:
    store: Store
    minor: int

    async def create(self, target: Target, request: Request) -> Response:
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
        created = await admission.create(self.store, kind, obj, dry_run=request.is_dry_run)
        return self._answered(target, created, 201, warnings)

    def update(self, target: Target, request: Request) -> Response:
        if target.subresource == "scale":
            return self._scaled(target, request, request.document())
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
        return self._replaced(target, request, new, warnings)

    async def patch(self, target: Target, request: Request) -> Response:
        kind = stored_kind(target.kind)
        if request.media_type == patch.APPLY:
            return await self._apply(target, request)
        current = self.store.get(kind, target.namespace, target.name)
        document = request.document()
        if target.subresource == "scale":
            scaled = patch.patched(
                Kind("autoscaling", "v1", "Scale", "scales"),
                scale.of(kind, current),
                document,
                patch.MERGE if request.media_type == patch.STRATEGIC else request.media_type,
            )
            return self._scaled(target, request, scaled)
        shown = seen_as(target.kind, current)
        changed = patch.patched(target.kind, shown, document, request.media_type)
        new, warnings = self._read(target, request, changed)
        if new.get("metadata", {}).get("name") != target.name:
            causes = [
                Cause("FieldValueInvalid", "metadata.name", "Invalid value: field is immutable")
            ]
            raise Invalid.of(kind, target.name, causes)
        return self._replaced(target, request, new, warnings)

    async def _apply(self, target: Target, request: Request) -> Response:
        """Server-side apply: an object that is not there yet is created."""
        kind = stored_kind(target.kind)
        if target.subresource == "scale":
            raise BadRequest("server-side apply of the scale subresource is not emulated here")
        current = self.store.find(kind, target.namespace, target.name)
        wanted, warnings = self._read(target, request, request.document())
        wanted.setdefault("metadata", {}).setdefault("name", target.name)
        writer = managed.writer(request, target, applies=True)
        if current is None:
            if target.subresource:
                raise NotFound.of(kind, target.name)
            self._check_namespace(target, target.name)
            fresh = managed.applied(kind, None, wanted, writer, force=request.flag("force"))
            created = await admission.create(self.store, kind, fresh, dry_run=request.is_dry_run)
            return self._answered(target, created, 201, warnings)
        new = managed.applied(kind, current, wanted, writer, force=request.flag("force"))
        stored = self.store.update(
            kind, new, subresource=target.subresource, dry_run=request.is_dry_run
        )
        return self._answered(target, stored, 200, warnings)

    def _replaced(
        self, target: Target, request: Request, new: Object, warnings: list[str]
    ) -> Response:
        kind = stored_kind(target.kind)
        self._check_body_namespace(target, new)
        old = self.store.get(kind, target.namespace, target.name)
        managed.on_write(kind, old, new, managed.writer(request, target))
        stored = self.store.update(
            kind, new, subresource=target.subresource, dry_run=request.is_dry_run
        )
        return self._answered(target, stored, 200, warnings)

    def _scaled(self, target: Target, request: Request, asked: Any) -> Response:
        old = self.store.get(target.kind, target.namespace, target.name)
        new = scale.applied(target.kind, old, asked if isinstance(asked, dict) else {})
        managed.on_write(target.kind, old, new, managed.writer(request, target))
        stored = self.store.update(target.kind, new, dry_run=request.is_dry_run)
        return answer(scale.of(target.kind, stored))

    def delete(self, target: Target, request: Request) -> Response:
        options = self._delete_options(request)
        kind = stored_kind(target.kind)
        deleted = self._delete_one(kind, target.namespace, target.name, options)
        gone = self.store.find(kind, target.namespace, target.name) is None
        if kind.kind in _RETURNED or not gone:
            return self._answered(target, deleted, 200, [])
        details = {"name": target.name, "kind": kind.plural, "uid": deleted["metadata"]["uid"]}
        if kind.group:
            details["group"] = kind.group
        return answer(_success(details))

    def delete_collection(self, target: Target, request: Request, chosen: list[Object]) -> Response:
        options = self._delete_options(request)
        kind = stored_kind(target.kind)
        for obj in chosen:
            namespace, name = objects.key(kind, obj)
            self._delete_one(kind, namespace, name, options)
        return answer(
            {
                "kind": f"{kind.kind}List",
                "apiVersion": kind.api_version,
                "metadata": {"resourceVersion": str(self.store.revision)},
                "items": chosen,
            }
        )

    def _delete_options(self, request: Request) -> Object:
        body = request.document() if request.body.strip() else {}
        options: Object = body if isinstance(body, dict) else {}
        if (grace := request.number("gracePeriodSeconds")) is not None:
            options["gracePeriodSeconds"] = grace
        if policy := request.query.get("propagationPolicy"):
            options["propagationPolicy"] = policy
        if request.flag("orphanDependents") or options.get("orphanDependents"):
            options["propagationPolicy"] = "Orphan"
        options["dry"] = request.is_dry_run or options.get("dryRun") == ["All"]
        policy = options.setdefault("propagationPolicy", "Background")
        if policy not in ("Background", "Foreground", "Orphan"):
            raise BadRequest(f'invalid propagationPolicy: "{policy}"')
        return options

    def _delete_one(self, kind: Kind, namespace: str, name: str, options: Object) -> Object:
        wanted = options.get("preconditions") or {}
        return self.store.delete(
            kind,
            namespace,
            name,
            uid=wanted.get("uid"),
            revision=wanted.get("resourceVersion"),
            grace_seconds=options.get("gracePeriodSeconds"),
            propagation=options["propagationPolicy"],
            dry_run=options["dry"],
        )

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

    def _answered(self, target: Target, obj: Object, code: int, warnings: list[str]) -> Response:
        response = answer(seen_as(target.kind, obj), code)
        response.warnings = warnings
        return response


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


def _success(details: Object) -> Object:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details,
    }
