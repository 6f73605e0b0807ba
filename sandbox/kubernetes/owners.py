"""Who belongs to whom: children by the uid of their owner, kept beside the objects."""

from collections.abc import Iterable

from sandbox.kubernetes.kinds import Object

# Kind name, namespace, name.
Place = tuple[str, str, str]


def _owners(obj: Object | None) -> Iterable[str]:
    if obj is None:
        return ()
    return {owner["uid"] for owner in obj["metadata"].get("ownerReferences") or ()}


class Owners:
    """Controllers ask for the Pods of one ReplicaSet; without this they would read them all."""

    def __init__(self) -> None:
        self._children: dict[str, dict[Place, None]] = {}

    def note(self, place: Place, old: Object | None, new: Object | None) -> None:
        """An object came (no old), changed or went (no new)."""
        before, after = _owners(old), _owners(new)
        for uid in before:
            if uid not in after:
                children = self._children[uid]
                del children[place]
                if not children:
                    del self._children[uid]
        for uid in after:
            self._children.setdefault(uid, {})[place] = None

    def places(self, uid: str) -> list[Place]:
        return list(self._children.get(uid, ()))
