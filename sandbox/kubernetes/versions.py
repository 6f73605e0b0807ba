"""From one version of an object to the next: what a write may touch, and what both share."""

from sandbox.kubernetes.kinds import Kind, Object


def intent(obj: Object) -> Object:
    """What `generation` counts: everything but bookkeeping and observation."""
    return {name: value for name, value in obj.items() if name not in ("metadata", "status")}


def share(new: Object, old: Object) -> None:
    """Let the new version use the old one's unchanged parts: the history keeps both."""
    for name, value in new.items():
        before = old.get(name)
        # Not the metadata itself: it is about to get a version of its own.
        if value == before and name != "metadata":
            new[name] = before
        elif isinstance(value, dict) and isinstance(before, dict):
            for inner, part in value.items():
                if part == before.get(inner):
                    value[inner] = before[inner]


def merged(kind: Kind, new: Object, old: Object, subresource: str) -> Object:
    """The object to store: each path to an object writes its own part and nothing else."""
    if subresource == "status":
        result = {**old, "status": new.get("status", {})}
        result["metadata"] = dict(old["metadata"])
        if "managedFields" in new["metadata"]:
            result["metadata"]["managedFields"] = new["metadata"]["managedFields"]
        return result
    if subresource == "finalize":
        return {**old, "spec": new.get("spec", {}), "metadata": dict(old["metadata"])}
    kept = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
            "generation", "resourceVersion", "generateName")  # fmt: skip
    metadata = {name: value for name, value in new["metadata"].items() if name not in kept}
    metadata |= {name: old["metadata"][name] for name in kept if name in old["metadata"]}
    new["metadata"] = metadata
    new["apiVersion"], new["kind"] = kind.api_version, kind.kind
    if kind.namespaced:
        metadata["namespace"] = old["metadata"].get("namespace", "")
    if "status" in kind.subresources:
        new.pop("status", None)
        if "status" in old:
            new["status"] = old["status"]
    if kind.kind == "Namespace":
        # Only /finalize may take the Namespace's own finalizers away.
        new["spec"] = old.get("spec", {})
    return new
