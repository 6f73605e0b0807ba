"""A bare HTTP client of an API server: what goes over the wire is what the tests see."""

import base64
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3
import yaml

from tests.wait import PATIENCE

Document = dict[str, Any]
PATCH = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}


@dataclass(frozen=True)
class Answer:
    code: int
    body: Any
    headers: dict[str, str]

    @property
    def reason(self) -> str:
        return str(self.body.get("reason", ""))

    @property
    def message(self) -> str:
        return str(self.body.get("message", ""))

    @property
    def causes(self) -> list[str]:
        """The fields a 422 complains of."""
        return [cause["field"] for cause in self.body.get("details", {}).get("causes", [])]


class Api:
    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        context = _named(config["contexts"], config["current-context"])["context"]
        cluster = _named(config["clusters"], context["cluster"])["cluster"]
        user = _named(config["users"], context["user"])["user"]
        self._server = cluster["server"]
        self._headers = {"Accept": "application/json", "User-Agent": "conformance/1"}
        if token := user.get("token"):
            self._headers["Authorization"] = f"Bearer {token}"
        self._pool = urllib3.PoolManager(
            ca_certs=_file(cluster.get("certificate-authority-data")),
            cert_file=_file(user.get("client-certificate-data")),
            key_file=_file(user.get("client-key-data")),
        )

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Answer:
        kind = query.pop("content_type", "application/json")
        accept = {"Accept": query.pop("accept")} if "accept" in query else {}
        response = self._pool.request(
            method,
            f"{self._server}{path}?{urlencode(query)}",
            body=None if body is None else json.dumps(body),
            headers={**self._headers, **accept, "Content-Type": kind},
            retries=False,
            timeout=PATIENCE,
        )
        data = response.data
        parsed = json.loads(data) if data[:1] in (b"{", b"[") else data.decode()
        return Answer(response.status, parsed, {k.lower(): v for k, v in response.headers.items()})

    def get(self, path: str, **query: Any) -> Answer:
        return self.call("GET", path, **query)

    def create(self, path: str, body: Document, **query: Any) -> Answer:
        return self.call("POST", path, body, **query)

    def replace(self, path: str, body: Document, **query: Any) -> Answer:
        return self.call("PUT", path, body, **query)

    def delete(self, path: str, body: Document | None = None, **query: Any) -> Answer:
        return self.call("DELETE", path, body, **query)

    def patch(self, path: str, body: Any, kind: str = "merge", **query: Any) -> Answer:
        return self.call("PATCH", path, body, content_type=PATCH[kind], **query)

    def apply(self, path: str, body: Document, manager: str, **query: Any) -> Answer:
        return self.patch(path, body, "apply", fieldManager=manager, **query)

    def watch(self, path: str, *, patience: float = PATIENCE, **query: Any) -> Iterator[Document]:
        """Events until the server ends the watch, or says nothing for longer than `patience`."""
        query.setdefault("timeoutSeconds", 120)
        url = f"{self._server}{path}?{urlencode({'watch': 'true', **query})}"
        response = self._pool.request(
            "GET",
            url,
            headers=self._headers,
            preload_content=False,
            retries=False,
            timeout=patience,
        )
        waiting = b""
        try:
            for chunk in response.stream(4096):
                *lines, waiting = (waiting + chunk).split(b"\n")
                for line in lines:
                    if line:
                        yield json.loads(line)
        finally:
            response.close()


def _named(entries: list[Document], name: str) -> Document:
    return next(entry for entry in entries if entry["name"] == name)


def _file(data: str | None) -> str | None:
    """urllib3 wants files; these hold test credentials and go with the process's temp directory."""
    if data is None:
        return None
    with tempfile.NamedTemporaryFile(delete=False, suffix=".pem") as handle:
        handle.write(base64.b64decode(data))
    return handle.name
