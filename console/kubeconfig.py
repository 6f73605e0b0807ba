"""Reads a kubeconfig that somebody gave us, and trusts it with nothing.

The official loaders run programs (`exec`, `auth-provider`), read files (`tokenFile`, paths) and
skip TLS when told so. This one accepts a server, its CA, and a token or a client certificate, all
in the text itself, and refuses every other field by its name.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import yaml

MAX_BYTES = 128 * 1024
MAX_DEPTH = 12


class Rejected(Exception):
    """The kubeconfig cannot be used; the message names the field and what to do."""


@dataclass(frozen=True)
class Kubeconfig:
    server: str
    ca_data: str
    # {"token": ...} or {"client_certificate": PEM, "client_key": PEM}
    credentials: dict[str, str] = field(repr=False)


_TOP = {"apiVersion", "kind", "preferences", "current-context", "clusters", "users", "contexts"}
_CLUSTER = {"server", "certificate-authority-data"}
_CONTEXT = {"cluster", "user", "namespace"}
_USER = {"token", "client-certificate-data", "client-key-data"}

_WHY = {
    "exec": "it would run a program on this machine",
    "auth-provider": "it would run a program or call another service",
    "tokenFile": "it would read a file of this machine",
    "client-certificate": "it would read a file here; embed it (client-certificate-data)",
    "client-key": "it would read a file of this machine; embed it (client-key-data)",
    "certificate-authority": (
        "it would read a file of this machine; embed it (certificate-authority-data)"
    ),
    "proxy-url": "connections go straight to the API server",
    "insecure-skip-tls-verify": "the API server's certificate is always verified",
    "tls-server-name": "the certificate must be for the server's own name",
    "username": "basic authentication is gone from Kubernetes",
    "password": "basic authentication is gone from Kubernetes",
    "as": "impersonation is not supported",
    "as-groups": "impersonation is not supported",
    "as-uid": "impersonation is not supported",
    "as-user-extra": "impersonation is not supported",
}
_HINT = "`kubectl config view --minify --flatten --raw` prints one cluster with its data embedded."


class _Loader(yaml.SafeLoader):
    """Plain data only: no tags, no aliases (they multiply), no duplicate keys, no deep nests."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise Rejected("YAML aliases (*name) are refused.")
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Rejected(f"The YAML is nested deeper than {MAX_DEPTH} levels.")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if not isinstance(key, str):
                raise Rejected(f"The key {key!r} is not text.")
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise Rejected(f"The key {sorted(twice)[0]} appears twice.")
        return super().construct_mapping(node, deep)


def parse(text: bytes) -> Kubeconfig:
    """Server, CA and credentials of the current context; raises `Rejected`."""
    config = _load(text)
    _only(config, _TOP, "")
    if config.get("preferences"):
        raise Rejected("preferences is refused: it should be empty.")
    clusters = _entries(config, "clusters", "cluster", _CLUSTER)
    users = _entries(config, "users", "user", _USER)
    contexts = _entries(config, "contexts", "context", _CONTEXT)
    context = _named(contexts, config.get("current-context"), "current-context")
    cluster = _named(clusters, context.get("cluster"), "the context's cluster")
    user = _named(users, context.get("user"), "the context's user")
    return Kubeconfig(
        server=_server(cluster.get("server")),
        ca_data=_pem(cluster, "certificate-authority-data", "CERTIFICATE"),
        credentials=_credentials(user),
    )


def _load(text: bytes) -> dict[str, Any]:
    if len(text) > MAX_BYTES:
        raise Rejected(f"The file is larger than {MAX_BYTES // 1024} KiB.")
    try:
        # Not yaml.load's default: _Loader is a SafeLoader.
        config = yaml.load(text.decode(), Loader=_Loader)  # noqa: S506
    except UnicodeDecodeError:
        raise Rejected("The file is not UTF-8 text.") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # Without the error's excerpt of the file: it may show a secret.
        where = getattr(error, "problem_mark", None)
        line = f" (line {where.line + 1})" if where else ""
        raise Rejected(f"The file is not plain YAML{line}.") from None
    if not isinstance(config, dict):
        raise Rejected("The file is not a kubeconfig: it holds no mapping.")
    return config


def _only(mapping: dict[str, Any], allowed: set[str], where: str) -> None:
    for key in mapping:
        if key not in allowed:
            why = _WHY.get(key, "podgate does not use it")
            raise Rejected(f"{where}{_printable(key)} is refused: {why}. {_HINT}")


def _entries(
    config: dict[str, Any], plural: str, inner: str, allowed: set[str]
) -> dict[str, dict[str, Any]]:
    """The named entries of a list, all of them checked: not only the ones in use."""
    entries = config.get(plural) or []
    if not isinstance(entries, list):
        raise Rejected(f"{plural} is not a list.")
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise Rejected(f"An entry of {plural} has no name.")
        name = _printable(entry["name"])
        _only(entry, {"name", inner}, f"{plural}[{name}].")
        content = entry.get(inner) or {}
        if not isinstance(content, dict):
            raise Rejected(f"{plural}[{name}].{inner} is not a mapping.")
        _only(content, allowed, f"{plural}[{name}].{inner}.")
        if entry["name"] in found:
            raise Rejected(f"{plural}[{name}] appears twice.")
        found[entry["name"]] = content
    return found


def _named(entries: dict[str, dict[str, Any]], name: object, what: str) -> dict[str, Any]:
    if not isinstance(name, str) or name not in entries:
        raise Rejected(f"{what} names nothing in this file: {_printable(str(name))}.")
    return entries[name]


def _server(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise Rejected("The cluster has no server.")
    try:
        url = urlsplit(value)
        port = url.port
    except ValueError:
        raise Rejected("server is not an address.") from None
    if url.scheme != "https":
        raise Rejected(
            "server is refused: it must begin with https://, tokens travel over TLS only."
        )
    if url.username or url.password or "@" in url.netloc:
        raise Rejected("server is refused: it must not hold a user or password.")
    if url.query or url.fragment or not url.hostname or port == 0:
        raise Rejected("server is refused: it must be https://host[:port][/path].")
    if len(value) > 255 or not re.fullmatch(r"[!-~]+", value):
        raise Rejected("server is refused: it is too long or holds unusual characters.")
    return value.rstrip("/")


def _credentials(user: dict[str, Any]) -> dict[str, str]:
    token = user.get("token")
    has_certificate = "client-certificate-data" in user or "client-key-data" in user
    if token and has_certificate:
        raise Rejected("The user has a token and a client certificate: leave one of them.")
    if token:
        # One line of visible ASCII: it becomes an HTTP header.
        if not isinstance(token, str) or not re.fullmatch(r"[!-~]{1,16384}", token):
            raise Rejected("token holds characters that no token has.")
        return {"token": token}
    if not has_certificate:
        raise Rejected("The user has neither a token nor a client certificate.")
    return {
        "client_certificate": _pem(user, "client-certificate-data", "CERTIFICATE"),
        "client_key": _pem(user, "client-key-data", "PRIVATE KEY"),
    }


def _pem(mapping: dict[str, Any], name: str, what: str) -> str:
    value = mapping.get(name)
    if not isinstance(value, str) or not value:
        raise Rejected(f"{name} is missing.")
    try:
        text = base64.b64decode("".join(value.split()), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        raise Rejected(f"{name} is not base64 of a PEM text.") from None
    if not re.search(rf"-----BEGIN [A-Z ]*{what}-----", text):
        raise Rejected(f"{name} holds no PEM {what.lower()}.")
    return text


def _printable(text: str) -> str:
    return re.sub(r"[^ -~]", "?", text)[:80]
