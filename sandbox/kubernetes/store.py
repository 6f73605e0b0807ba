"""The objects of one cluster: versions, identities, deletion in steps, and a watch on all of it.

One store per cluster, used from one asyncio loop. Objects are plain dicts; those handed out are
shared with everybody and must be copied before they are changed.
"""

import uuid
from collections.abc import Callable
from typing import Protocol

from sandbox.kubernetes import objects, versions
from sandbox.kubernetes.deletion import marked, wants_grace
from sandbox.kubernetes.errors import AlreadyExists, Conflict, NotFound
from sandbox.kubernetes.journal import Journal
from sandbox.kubernetes.kinds import KINDS, Kind, Object
from sandbox.kubernetes.kubelet.logs import Logs
from sandbox.kubernetes.owners import Owners
from sandbox.kubernetes.watch import Change, Event, Hub, Subscription

__all__ = ["KINDS", "Event", "Kind", "Object", "Store", "Subscription"]

Key = tuple[str, str]
# A cluster has a past: a watch from version 1 is too old from the start.
FIRST_REVISION = 1000
# Named here because inside the class `list` is a method.
Keys = list[Key]
Objects = list[Object]
Children = list[tuple[Kind, Object]]


class Rules(Protocol):
    """Defaults, allocations and validation, applied to whoever writes; may raise Invalid."""

    def __call__(
        self, store: "Store", kind: Kind, obj: Object, old: Object | None, *, subresource: str
    ) -> None: ...


class Store:
    def __init__(
        self, cluster_id: str, journal: Journal | None = None, rules: Rules | None = None
    ) -> None:
        self.cluster_id = cluster_id
        self._journal = journal
        self._rules = rules
        self._kinds: dict[str, dict[Key, Object]] = {kind: {} for kind in KINDS}
        self._sorted: dict[str, Keys] = {}
        self._owners = Owners()
        self.revision = FIRST_REVISION
        if journal:
            revision, saved = journal.load(cluster_id)
            self.revision = max(revision, FIRST_REVISION)
            for kind_name, obj in saved:
                key = objects.key(KINDS[kind_name], obj)
                self._kinds[kind_name][key] = obj
                self._owners.note((kind_name, *key), None, obj)
        # By clients; what controllers and kubelets write is how a cluster lives.
        self.written = True
        self.hub = Hub(self.revision)
        # What containers wrote: of the nodes, not of the API, and gone with the process.
        self.logs = Logs()

    @property
    def is_empty(self) -> bool:
        return not any(self._kinds.values())

    # Reading

    def get(self, kind: Kind, namespace: str | None, name: str) -> Object:
        found = self.find(kind, namespace, name)
        if found is None:
            raise NotFound.of(kind, name)
        return found

    def find(self, kind: Kind, namespace: str | None, name: str) -> Object | None:
        """Like `get`, with None instead of NotFound."""
        place = (namespace or "") if kind.namespaced else ""
        return self._kinds[kind.kind].get((place, name))

    def list(
        self,
        kind: Kind,
        namespace: str | None = None,
        selector: Callable[[Object], bool] | None = None,
    ) -> Objects:
        """Objects by namespace and name; namespace None means all."""
        held = self._kinds[kind.kind]
        return [
            held[key]
            for key in self.keys(kind)
            if (not namespace or key[0] == namespace) and (selector is None or selector(held[key]))
        ]

    def owned(self, uid: str) -> Children:
        """Everything whose ownerReferences name this uid."""
        return [
            (KINDS[kind], self._kinds[kind][namespace, name])
            for kind, namespace, name in self._owners.places(uid)
        ]

    def keys(self, kind: Kind) -> Keys:
        """All (namespace, name) of a kind, in order."""
        if kind.kind not in self._sorted:
            self._sorted[kind.kind] = sorted(self._kinds[kind.kind])
        return self._sorted[kind.kind]

    def watch(self, *kinds: Kind) -> Subscription:
        """Everything that exists as ADDED, then every change."""
        backlog = [
            Event("ADDED", kind, obj, objects.revision(obj))
            for kind in kinds
            for obj in self.list(kind)
        ]
        return self.hub.join(kinds, backlog)

    def watch_from(self, kind: Kind, revision: int) -> Subscription:
        """Every change after that revision; Gone when it is too old."""
        return self.hub.join((kind,), self.hub.since(kind, revision))

    # Writing

    def create(self, kind: Kind, obj: Object, *, dry_run: bool = False) -> Object:
        # Only the outer layers are copied: Pods of one template share what is inside it, so 10,000
        # of them fit into memory. Nobody changes a stored object in place.
        metadata = dict(obj.get("metadata", {}))
        fresh = {**obj, "metadata": metadata}
        if isinstance(obj.get("spec"), dict):
            fresh["spec"] = dict(obj["spec"])
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = self._generated_name(kind, metadata)
        if self.find(kind, metadata.get("namespace"), metadata.get("name", "")):
            raise AlreadyExists.of(kind, metadata["name"])
        fresh["apiVersion"], fresh["kind"] = kind.api_version, kind.kind
        metadata["uid"] = str(uuid.uuid4())
        metadata["creationTimestamp"] = objects.now()
        for written_by_server in ("resourceVersion", "deletionTimestamp", "selfLink"):
            metadata.pop(written_by_server, None)
        metadata.pop("deletionGracePeriodSeconds", None)
        if kind.generation:
            metadata["generation"] = 1
        self._apply_rules(kind, fresh, None, "")
        return fresh if dry_run else self._commit("ADDED", kind, fresh, None)

    def _generated_name(self, kind: Kind, metadata: Object) -> str:
        while True:
            name: str = metadata["generateName"][:58] + objects.random_suffix()
            if self.find(kind, metadata.get("namespace"), name) is None:
                return name

    def update(
        self, kind: Kind, obj: Object, *, subresource: str = "", dry_run: bool = False
    ) -> Object:
        """Replace an object, or with a subresource only that part of it."""
        return self._replace(kind, objects.copy(obj), subresource, dry_run)

    def _replace(self, kind: Kind, obj: Object, subresource: str, dry_run: bool = False) -> Object:
        metadata = obj["metadata"]
        old = self.get(kind, metadata.get("namespace"), metadata["name"])
        if metadata.get("resourceVersion") not in (None, "", old["metadata"]["resourceVersion"]):
            raise Conflict.modified(kind, metadata["name"])
        if metadata.get("uid") not in (None, "", old["metadata"]["uid"]):
            raise Conflict.of(kind, metadata["name"], _uid_differs(metadata["uid"], old))
        new = versions.merged(kind, obj, old, subresource)
        self._apply_rules(kind, new, old, subresource)
        if kind.generation and versions.intent(new) != versions.intent(old):
            new["metadata"]["generation"] = old["metadata"].get("generation", 1) + 1
        if dry_run:
            return new
        if new == old:
            return old
        versions.share(new, old)
        if objects.is_deleting(new) and not objects.finalizers(new) and not wants_grace(new):
            return self._commit("DELETED", kind, new, old)
        return self._commit("MODIFIED", kind, new, old)

    def change(
        self,
        kind: Kind,
        namespace: str | None,
        name: str,
        fn: Callable[[Object], None],
        *,
        subresource: str = "",
    ) -> Object:
        """Read, let `fn` change a copy in place, write if that made a difference."""
        old = self.get(kind, namespace, name)
        new = objects.copy(old)
        fn(new)
        return old if new == old else self._replace(kind, new, subresource)

    def delete(
        self,
        kind: Kind,
        namespace: str | None,
        name: str,
        *,
        uid: str | None = None,
        grace_seconds: int | None = None,
        propagation: str = "Background",
        revision: str | None = None,
        dry_run: bool = False,
    ) -> Object:
        """Remove an object, or mark it when finalizers or a Pod's grace period hold it."""
        old = self.get(kind, namespace, name)
        if uid and uid != old["metadata"]["uid"]:
            raise Conflict.of(kind, name, _uid_differs(uid, old))
        if revision and revision != old["metadata"]["resourceVersion"]:
            raise Conflict.of(
                kind,
                name,
                f"Precondition failed: ResourceVersion in precondition: {revision}, "
                f"ResourceVersion in object meta: {old['metadata']['resourceVersion']}",
            )
        new = marked(kind, objects.copy(old), grace_seconds, propagation)
        if dry_run or new == old:
            return new
        held = objects.finalizers(new) or wants_grace(new)
        return self._commit("MODIFIED" if held else "DELETED", kind, new, old)

    def clear(self) -> None:
        """Forget everything, as if the cluster were new; watchers are sent to list again."""
        for kind in KINDS.values():
            for key in tuple(self.keys(kind)):
                obj = self._kinds[kind.kind][key]
                self._commit("DELETED", kind, objects.copy(obj), obj)
        self.hub.forget(self.revision)

    def flush(self) -> None:
        """Return only when everything written so far would survive a kill -9."""
        if self._journal:
            self._journal.flush()

    def _apply_rules(self, kind: Kind, obj: Object, old: Object | None, subresource: str) -> None:
        if self._rules:
            self._rules(self, kind, obj, old, subresource=subresource)

    def _commit(self, change: Change, kind: Kind, obj: Object, old: Object | None) -> Object:
        self.revision += 1
        obj["metadata"]["resourceVersion"] = str(self.revision)
        key = objects.key(kind, obj)
        if change == "DELETED":
            del self._kinds[kind.kind][key]
        else:
            self._kinds[kind.kind][key] = obj
        self._owners.note((kind.kind, *key), old, None if change == "DELETED" else obj)
        if change != "MODIFIED":
            self._sorted.pop(kind.kind, None)
        if self._journal:
            row = (self.cluster_id, kind.kind, *key)
            self._journal.note(row, None if change == "DELETED" else obj, self.revision)
        self.hub.publish(Event(change, kind, obj, self.revision, old))
        return obj


def _uid_differs(wanted: str, old: Object) -> str:
    return (
        f"Precondition failed: UID in precondition: {wanted}, "
        f"UID in object meta: {old['metadata']['uid']}"
    )
