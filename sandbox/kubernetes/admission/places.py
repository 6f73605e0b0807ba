"""Where a webhook is: the host of its url, or an endpoint behind its Service."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.store import Store


class NoRoute(Exception):
    """There is nowhere to connect to; the message is the service resolver's."""


@dataclass(frozen=True)
class Place:
    """`url` is what messages name; `host` and `port` are connected to, `name` must be certified."""

    url: str
    authority: str
    path: str
    name: str
    host: str
    port: int


def url_of(client: Object, seconds: int) -> str:
    """The address as error messages show it, which the request goes to in name."""
    return f"{_base(client)}?timeout={seconds}s"


def _base(client: Object) -> str:
    if url := client.get("url"):
        return str(url) if urlsplit(url).path else f"{url}/"
    service = client["service"]
    path = "/" + (service.get("path") or "").lstrip("/")
    return f"https://{service['name']}.{service['namespace']}.svc:{service['port']}{path}"


def located(store: Store, client: Object, seconds: int) -> Place:
    url = url_of(client, seconds)
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    path = f"{parts.path}?{parts.query}"
    if "url" in client:
        return Place(url, parts.netloc, path, host, host, port)
    address, target = _endpoint(store, client["service"])
    return Place(url, parts.netloc, path, host, address, target)


def _endpoint(store: Store, wanted: Object) -> tuple[str, int]:
    """A ready endpoint, as --enable-aggregator-routing does: here is no kube-proxy to pass."""
    namespace, name = wanted["namespace"], wanted["name"]
    service = store.find(KINDS["Service"], namespace, name)
    if service is None:
        raise NoRoute(f'service "{name}" not found')
    spec = service["spec"]
    if spec.get("type") == "ExternalName":
        return str(spec["externalName"]), int(wanted["port"])
    ports = [port for port in spec.get("ports") or () if port["port"] == wanted["port"]]
    if not ports:
        raise NoRoute(f'no service port {wanted["port"]} found for service "{name}"')
    found = [
        *_of_slices(store, namespace, name, ports[0].get("name", "")),
        *_of_endpoints(store, namespace, name, ports[0].get("name", "")),
    ]
    if not found:
        raise NoRoute(f'no endpoints available for service "{name}"')
    return random.choice(found)


def _of_slices(store: Store, namespace: str, name: str, port: str) -> Iterator[tuple[str, int]]:
    for part in store.list(KINDS["EndpointSlice"], namespace):
        labels = part["metadata"].get("labels") or {}
        if labels.get("kubernetes.io/service-name") != name:
            continue
        numbers = [p["port"] for p in part.get("ports") or () if p.get("name", "") == port]
        for endpoint in part.get("endpoints") or ():
            if (endpoint.get("conditions") or {}).get("ready", True):
                for address in endpoint["addresses"]:
                    yield from ((address, number) for number in numbers)


def _of_endpoints(store: Store, namespace: str, name: str, port: str) -> Iterator[tuple[str, int]]:
    endpoints = store.find(KINDS["Endpoints"], namespace, name) or {}
    for subset in endpoints.get("subsets") or ():
        numbers = [p["port"] for p in subset.get("ports") or () if p.get("name", "") == port]
        for address in subset.get("addresses") or ():
            yield from ((address["ip"], number) for number in numbers)
