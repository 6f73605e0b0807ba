"""Field management: who wrote which field (managedFields), and server-side apply on top of it."""

from dataclasses import dataclass

from sandbox.kubernetes import objects
from sandbox.kubernetes.errors import BadRequest, Cause, Conflict, Invalid
from sandbox.kubernetes.http import Request
from sandbox.kubernetes.kinds import Kind, Object
from sandbox.kubernetes.managed import fieldset, merging
from sandbox.kubernetes.managed.fieldset import Path, spelled
from sandbox.kubernetes.routes import Target


@dataclass(frozen=True)
class Owner:
    """Who writes, how (Update or Apply) and through which subresource."""

    manager: str
    operation: str
    subresource: str = ""


@dataclass
class Entry:
    """One line of managedFields."""

    owner: Owner
    api_version: str
    time: str
    fields: set[Path]

    def as_json(self) -> Object:
        line = {
            "manager": self.owner.manager,
            "operation": self.owner.operation,
            "apiVersion": self.api_version,
            "time": self.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": fieldset.encoded(self.fields),
        }
        return line | ({"subresource": self.owner.subresource} if self.owner.subresource else {})

    def named(self) -> str:
        through = f' with subresource "{self.owner.subresource}"' if self.owner.subresource else ""
        using = f" using {self.api_version}" if self.owner.operation == "Update" else ""
        return f'"{self.owner.manager}"{through}{using}'


def writer(request: Request, target: Target, *, applies: bool = False) -> Owner:
    """Who a request says it is: its fieldManager, else the first word of its user agent."""
    manager = request.query.get("fieldManager", "")
    if applies and not manager:
        message = "Required value: is required for apply patch"
        options = Kind("meta.k8s.io", "v1", "PatchOptions", "")
        raise Invalid.of(options, "", [Cause("FieldValueRequired", "fieldManager", message)])
    manager = manager or request.headers.get("user-agent", "unknown").split("/")[0]
    return Owner(manager, "Apply" if applies else "Update", target.subresource)


def _entries(obj: Object) -> list[Entry]:
    return [
        Entry(
            Owner(line.get("manager", ""), line["operation"], line.get("subresource", "")),
            line.get("apiVersion", ""),
            line.get("time", ""),
            fieldset.decoded(line.get("fieldsV1") or {}),
        )
        for line in obj["metadata"].get("managedFields") or ()
        if line.get("operation")
    ]


def _store(obj: Object, entries: list[Entry]) -> None:
    lines = [entry.as_json() for entry in entries if entry.fields]
    obj["metadata"].pop("managedFields", None)
    if lines:
        obj["metadata"]["managedFields"] = lines


def on_write(kind: Kind, old: Object | None, new: Object, owner: Owner) -> None:
    """Note in `new` that this owner wrote what differs from `old`; others lose those fields."""
    base = new if "managedFields" in new["metadata"] or old is None else old
    through = owner.subresource if owner.subresource == "status" else ""
    parts = fieldset.parts_of(kind.kind, through)
    before = fieldset.values(kind.kind, old, parts) if old else {}
    after = fieldset.values(kind.kind, new, parts)
    changed = {path for path, value in after.items() if before.get(path, parts) != value}
    removed = before.keys() - after.keys()
    entries = _entries(base)
    if changed or removed:
        entries = _handed_over(entries, owner, changed, removed, kind.api_version)
    _store(new, entries)


def _handed_over(
    entries: list[Entry], owner: Owner, changed: set[Path], removed: set[Path], version: str
) -> list[Entry]:
    mine = next((entry for entry in entries if entry.owner == owner), None)
    for entry in entries:
        lost = removed if entry is mine else removed | changed
        entry.fields -= lost
    if mine is None:
        mine = Entry(owner, version, "", set())
        entries = [*entries, mine]
    mine.fields |= changed
    mine.time, mine.api_version = objects.now(), version
    return entries


def applied(
    kind: Kind, current: Object | None, wanted: Object, owner: Owner, *, force: bool
) -> Object:
    """Server-side apply: the object as it should be, or Conflict when a field is another's."""
    if "managedFields" in wanted["metadata"]:
        raise BadRequest("metadata.managedFields must be nil")
    parts = fieldset.parts_of(kind.kind, owner.subresource)
    said = {key: each for key, each in wanted.items() if key in (*parts, "metadata")}
    # What collections contain is claimed, not that they are there: others may add to them.
    claimed = {
        path: value
        for path, value in fieldset.values(kind.kind, wanted, parts).items()
        if value is not fieldset.THERE or path[-1].startswith("k:")
    }
    live = current or {"metadata": {}}
    entries = _known_owners(kind, live, parts) if current else []
    others = [entry for entry in entries if entry.owner != owner]
    mine = next((entry for entry in entries if entry.owner == owner), None)
    _settle_conflicts(kind, live, claimed, others, force=force)
    new = merging.laid_over(kind.kind, live, said)
    if mine:
        held = set().union(*(entry.fields for entry in others))
        dropped = mine.fields - claimed.keys() - held
        kept = {path for path in dropped if any(_is_below(other, path) for other in held)}
        new = merging.without(kind.kind, new, dropped - kept)
    now = objects.now()
    if mine is None or mine.fields != claimed.keys() or new != live:
        mine = Entry(owner, kind.api_version, now, set(claimed))
    new = {**new, "metadata": dict(new["metadata"])}
    _store(new, [mine, *others])
    return {"apiVersion": kind.api_version, "kind": kind.kind, **new}


def _known_owners(kind: Kind, live: Object, parts: tuple[str, ...]) -> list[Entry]:
    """An object nobody managed so far counts as written by `before-first-apply`."""
    entries = _entries(live)
    if entries:
        return entries
    everything = set(fieldset.values(kind.kind, live, parts))
    owner = Owner("before-first-apply", "Update")
    return [Entry(owner, kind.api_version, objects.now(), everything)]


def _is_below(path: Path, above: Path) -> bool:
    return len(path) > len(above) and path[: len(above)] == above


def _settle_conflicts(
    kind: Kind, live: Object, claimed: fieldset.Values, others: list[Entry], *, force: bool
) -> None:
    """Refuse to change what others own, or with force take it from them."""
    had = fieldset.values(kind.kind, live, tuple(live))
    differs = {path for path, value in claimed.items() if path in had and had[path] != value}
    found = [(entry, path) for entry in others for path in sorted(entry.fields & differs)]
    if force:
        for entry, path in found:
            entry.fields.discard(path)
    elif found:
        raise _conflict(found)


def _conflict(found: list[tuple[Entry, Path]]) -> Conflict:
    causes = [
        Cause("FieldManagerConflict", spelled(path), f"conflict with {entry.named()}")
        for entry, path in found
    ]
    if len(found) == 1:
        said = f"1 conflict: {causes[0].message}: {causes[0].field}"
    else:
        lines = []
        for entry in dict.fromkeys(entry.named() for entry, _ in found):
            lines.append(f"conflicts with {entry}:")
            lines += [f"- {spelled(path)}" for owner, path in found if owner.named() == entry]
        said = f"{len(found)} conflicts: " + "\n".join(lines)
    return Conflict(f"Apply failed with {said}", {"causes": [cause.as_json() for cause in causes]})
