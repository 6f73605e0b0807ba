"""Which addresses an API server may have: private ones only where the operator allowed them."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings

Address = IPv4Address | IPv6Address

# Shared address space: Tencent Cloud's metadata service lives at 169.254.0.23 (link-local), and
# its internal services in 100.64.0.0/10, which Python counts neither private nor global.
_CARRIER = ip_network("100.64.0.0/10")


class Refused(Exception):
    """An address podgate does not connect to unless PODGATE_ALLOWED_API_SERVERS lists it."""

    def __init__(self, host: str, address: Address) -> None:
        super().__init__(
            f"{host} is at {address}, a {_word(address)} address; "
            "list it in PODGATE_ALLOWED_API_SERVERS to allow it"
        )


def _word(address: Address) -> str:
    if address.is_loopback:
        return "loopback"
    if address.is_link_local:
        return "link-local (metadata)"
    if address.is_unspecified or address.is_multicast:
        return "special"
    return "private"


def is_allowed(address: Address) -> bool:
    # ::ffff:10.0.0.1 reaches 10.0.0.1.
    address = getattr(address, "ipv4_mapped", None) or address
    listed = (ip_network(cidr, strict=False) for cidr in settings.ALLOWED_API_SERVERS)
    if any(address in network for network in listed):
        return True
    return address.is_global and not address.is_multicast and address not in _CARRIER


def check(host: str, address: str) -> None:
    """Raise `Refused` unless `address`, which `host` resolved to, may be connected to."""
    parsed = ip_address(address.partition("%")[0])
    if not is_allowed(parsed):
        raise Refused(host, parsed)


def resolve(host: str, port: int) -> list[str]:
    """The addresses of `host`; all of them must be allowed, so no rebinding game can be played."""
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        check(host, address)
    return addresses


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
