"""Speaking to a backend from the client's address, as a layer-4 load balancer does."""

import socket
from contextlib import suppress

IP_BIND_ADDRESS_NO_PORT = 24


def socket_from(ip: str, kind: socket.SocketKind) -> socket.socket:
    """A socket that speaks as `ip`, so that the backend sees the client and not us."""
    upstream = socket.socket(socket.AF_INET, kind)
    upstream.setblocking(False)
    with suppress(OSError):
        if kind is socket.SOCK_STREAM:
            upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # One local port may serve many backends: only the whole quadruple must be unique.
            upstream.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        upstream.bind((ip, 0))
    return upstream
