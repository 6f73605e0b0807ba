"""Plays the steps of a scene in a running sandbox, over HTTP: control API and API servers."""

import json
import ssl
import urllib.request
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sandbox.scenes.scene import Apply, Control, Delete, Press, Step, Told

MANAGER = "demo"
APPLY = "application/apply-patch+yaml"
PREFIXES = {"Deployment": "apis/apps/v1", "Service": "api/v1", "ConfigMap": "api/v1"}
SECONDS = 30


class Stage:
    """`facts` is what world.json says; `lb` the load balancer of the Service that is looked at."""

    def __init__(self, facts: Mapping[str, Any], cluster: str, lb: str = "") -> None:
        self._facts, self._cluster, self._lb = facts, cluster, lb

    def play(self, step: Step) -> bool:
        """Whether it is done; what only podgate can do is left to its user."""
        match step:
            case Control(path, body, method, half):
                where = f"{self._facts['control'][half]}/_sandbox/{path.format(lb=self._lb)}"
                _send(method, where, json.dumps(dict(body)).encode())
            case Apply(manifest):
                meta = manifest["metadata"]
                path = _path(manifest["kind"], meta["name"], meta["namespace"])
                asked = f"{path}?fieldManager={MANAGER}&force=true"
                self._kubernetes("PATCH", asked, json.dumps(manifest).encode())
            case Delete(kind, name, namespace):
                self._kubernetes("DELETE", _path(kind, name, namespace))
            case Press() | Told():
                return False
        return True

    def _kubernetes(self, method: str, path: str, body: bytes | None = None) -> None:
        cluster = self._facts["clusters"][self._cluster]
        _send(
            method,
            f"{cluster['server']}/{path}",
            body,
            authority=cluster["ca"],
            headers={"Authorization": f"Bearer {cluster['token']}", "Content-Type": APPLY},
        )


def _path(kind: str, name: str, namespace: str) -> str:
    return f"{PREFIXES[kind]}/namespaces/{namespace}/{kind.lower()}s/{name}"


def _send(
    method: str,
    where: str,
    body: bytes | None = None,
    *,
    authority: str = "",
    headers: Mapping[str, str] | None = None,
) -> None:
    request = urllib.request.Request(where, body, dict(headers or {}), method=method)
    with _opener(authority).open(request, timeout=SECONDS) as answer:
        answer.read()


@lru_cache
def _opener(authority: str) -> urllib.request.OpenerDirector:
    """Made once for each authority; proxies have no business on loopback."""
    context = ssl.create_default_context(cadata=authority or None)
    # The demo's certificates name no authority key, as some clusters' do not.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
