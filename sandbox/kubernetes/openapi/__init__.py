"""OpenAPI v2 and v3 of one server, made from the schema: what kubectl validates and merges by."""

import hashlib
from functools import cached_property

import msgspec

from sandbox.kubernetes.errors import NoSuchPath
from sandbox.kubernetes.http import Response, answer
from sandbox.kubernetes.kinds import Kind, Object
from sandbox.kubernetes.openapi import documents, protobuf
from sandbox.world import Cluster

# kubectl before 1.27 reads the document as protobuf only.
# Named without the @ of the request, which Go cannot read back as a media type.
PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"


class OpenApi:
    def __init__(self, cluster: Cluster, kinds: tuple[Kind, ...]) -> None:
        self._cluster = cluster
        self._kinds = kinds

    def answer(self, path: str, accept: str) -> Response:
        if path == "/openapi/v2":
            if "com.github.proto-openapi.spec.v2" in accept.split(",")[0]:
                return Response(body=self._v2_protobuf, media_type=PROTOBUF)
            return Response(body=msgspec.json.encode(self._v2))
        # Version 3 came with 1.24; older servers do not know the path.
        if self._cluster.minor < 24:
            raise NoSuchPath
        if path == "/openapi/v3":
            return answer({"paths": self._index})
        found = self._v3.get(path.removeprefix("/openapi/v3/"))
        if found is None:
            raise NoSuchPath
        return Response(body=found)

    @cached_property
    def _v2(self) -> Object:
        return documents.version_2(self._kinds, self._cluster.git_version, self._cluster.minor)

    @cached_property
    def _v2_protobuf(self) -> bytes:
        return protobuf.document(self._v2)

    @cached_property
    def _v3(self) -> dict[str, bytes]:
        """By path of the group version, as `api/v1` or `apis/apps/v1`."""
        groups: dict[str, list[Kind]] = {}
        for kind in self._kinds:
            groups.setdefault(kind.path().rsplit("/", 1)[0].lstrip("/"), []).append(kind)
        return {
            path: msgspec.json.encode(
                documents.version_3(tuple(kinds), self._cluster.git_version, self._cluster.minor)
            )
            for path, kinds in groups.items()
        }

    @cached_property
    def _index(self) -> Object:
        return {
            path: {"serverRelativeURL": f"/openapi/v3/{path}?hash={_hash(body)}"}
            for path, body in self._v3.items()
        }


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]
