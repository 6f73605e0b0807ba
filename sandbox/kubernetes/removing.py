"""delete and deletecollection as clients ask for them."""

from dataclasses import dataclass, replace

from sandbox.kubernetes import admission, objects
from sandbox.kubernetes.auth import User
from sandbox.kubernetes.errors import BadRequest
from sandbox.kubernetes.http import Request, Response, answer
from sandbox.kubernetes.kinds import Kind, Object
from sandbox.kubernetes.routes import Target
from sandbox.kubernetes.seen import stored_kind
from sandbox.kubernetes.store import Store
from sandbox.kubernetes.writing import answered

# A deletion answers with the object itself for these, with a Status for the others.
_RETURNED = {"Pod", "Service", "ServiceAccount", "Namespace"}


@dataclass(frozen=True)
class Remover:
    store: Store

    async def delete(self, target: Target, request: Request, user: User) -> Response:
        options = self._delete_options(request)
        kind = stored_kind(target.kind)
        by = _caller(request, user, options)
        if old := self.store.find(kind, target.namespace, target.name):
            await self._admit(target, old, by)
        deleted = self._delete_one(kind, target.namespace, target.name, options)
        gone = self.store.find(kind, target.namespace, target.name) is None
        if kind.kind in _RETURNED or not gone:
            return answered(target, deleted, 200, by.warnings)
        details = {"name": target.name, "kind": kind.plural, "uid": deleted["metadata"]["uid"]}
        if kind.group:
            details["group"] = kind.group
        response = answer(_success(details))
        response.warnings = list(by.warnings)
        return response

    async def delete_collection(
        self, target: Target, request: Request, user: User, *, chosen: list[Object]
    ) -> Response:
        """Webhooks that change things are asked once, about the collection."""
        options = self._delete_options(request)
        await self._admit(target, None, _caller(request, user, options))
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

    async def _admit(self, target: Target, old: Object | None, by: admission.Caller) -> None:
        asked = admission.Attributes("DELETE", target.kind, None, old, by, *target.place)
        await admission.admitted(self.store, asked)

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


def _caller(request: Request, user: User, options: Object) -> admission.Caller:
    by = admission.caller_of(request, user, "DeleteOptions")
    said = {name: value for name, value in options.items() if name != "dry"}
    return replace(by, dry_run=options["dry"], options={**by.options, **said})


def _success(details: Object) -> Object:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details,
    }
