"""What a server says of itself: /version, /api, /apis and the resources of each group."""

from sandbox.kubernetes.errors import NoSuchPath
from sandbox.kubernetes.kinds import Kind, Object
from sandbox.world import Cluster

_SCALE = {"group": "autoscaling", "version": "v1", "kind": "Scale"}
_EVICTION = {"group": "policy", "version": "v1", "kind": "Eviction"}


class Discovery:
    """The answers of one server; `None` for paths that are not discovery."""

    def __init__(self, cluster: Cluster, kinds: tuple[Kind, ...]) -> None:
        self._cluster = cluster
        self._groups: dict[str, list[Kind]] = {}
        for kind in kinds:
            self._groups.setdefault(kind.group, []).append(kind)

    def answer(self, path: str) -> Object | None:
        match [part for part in path.split("/") if part]:
            case ["version"]:
                return self._version()
            case ["api"]:
                return self._versions()
            case ["apis"]:
                groups = [self._group(name) for name in self._groups if name]
                return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
            case ["api", version]:
                return self._resources("", version)
            case ["apis", name]:
                self._known(name)
                return {"kind": "APIGroup", "apiVersion": "v1", **self._group(name)}
            case ["apis", name, version]:
                return self._resources(name, version)
        return None

    def paths(self) -> list[str]:
        """Every group version as a path, as / lists them."""
        return ["api/v1"] + [
            f"apis/{name}/{kinds[0].version}" for name, kinds in self._groups.items() if name
        ]

    def _known(self, name: str) -> list[Kind]:
        if name not in self._groups:
            raise NoSuchPath
        return self._groups[name]

    def _version(self) -> Object:
        return {
            "major": "1",
            "minor": f"{self._cluster.minor}",
            "gitVersion": self._cluster.git_version,
            "gitCommit": "podgate-sandbox",
            "gitTreeState": "clean",
            "buildDate": "2024-05-01T00:00:00Z",
            "goVersion": "go1.22.2",
            "compiler": "gc",
            "platform": "linux/amd64",
        }

    def _versions(self) -> Object:
        return {
            "kind": "APIVersions",
            "versions": ["v1"],
            "serverAddressByClientCIDRs": [
                {"clientCIDR": "0.0.0.0/0", "serverAddress": f"{self._cluster.api_ip}:6443"}
            ],
        }

    def _group(self, name: str) -> Object:
        version = self._known(name)[0].version
        offered = {"groupVersion": f"{name}/{version}", "version": version}
        return {"name": name, "versions": [offered], "preferredVersion": offered}

    def _resources(self, name: str, version: str) -> Object:
        kinds = [kind for kind in self._known(name) if kind.version == version]
        if not kinds:
            raise NoSuchPath
        return {
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": f"{name}/{version}" if name else version,
            "resources": [entry for kind in kinds for entry in _entries(kind)],
        }


def _entries(kind: Kind) -> list[Object]:
    plain = {"namespaced": kind.namespaced, "kind": kind.kind}
    main = {
        "name": kind.plural,
        "singularName": kind.singular,
        **plain,
        "verbs": list(kind.verbs),
        **({"shortNames": list(kind.short_names)} if kind.short_names else {}),
        **({"categories": list(kind.categories)} if kind.categories else {}),
    }
    return [main] + [_sub_entry(kind, plain, name) for name in kind.subresources]


def _sub_entry(kind: Kind, plain: Object, name: str) -> Object:
    entry = {"name": f"{kind.plural}/{name}", "singularName": "", **plain}
    if name == "eviction":
        return {**entry, **_EVICTION, "verbs": ["create"]}
    if name == "log":
        return {**entry, "verbs": ["get"]}
    if name == "scale":
        return {**entry, **_SCALE, "verbs": ["get", "patch", "update"]}
    verbs = ["update"] if name == "finalize" else ["get", "patch", "update"]
    return {**entry, "verbs": verbs}
