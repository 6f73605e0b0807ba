"""A listening TCP socket that can be closed without losing those already at the door.

asyncio's own server leaves a connection hanging that it accepted in the very moment of its close;
a process that drains must not.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from sandbox.kubernetes.kubelet.http import Connection

BACKLOG = 1024


class Listener:
    def __init__(self, ip: str, port: int, connection: Callable[[], Connection]) -> None:
        """Raises OSError when the address cannot be had."""
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._welcomes: set[asyncio.Task[Any]] = set()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((ip, port))
            self._socket.listen(BACKLOG)
        except OSError:
            self._socket.close()
            raise
        self._loop.add_reader(self._socket, self._accept)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = self._connection()
            welcome = self._loop.create_task(
                self._loop.connect_accepted_socket(lambda c=connection: c, client)  # type: ignore[misc]
            )
            self._welcomes.add(welcome)
            welcome.add_done_callback(self._welcomes.discard)

    def close(self, *, after_accepting: bool = False) -> None:
        """Whoever completed the handshake may still be let in."""
        self._loop.remove_reader(self._socket)
        if after_accepting:
            self._accept()
        self._socket.close()
