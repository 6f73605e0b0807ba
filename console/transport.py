"""TLS and sockets of the Kubernetes door: which certificates count, which addresses are reached."""

import os
import socket
import ssl
import tempfile
from pathlib import Path
from typing import Any

import urllib3
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from console import wire
from console.addresses import Refused, check, resolve

CONNECT_SECONDS = 3.0
READ_SECONDS = 15.0


def tls(ca_data: str, credentials: dict[str, str]) -> ssl.SSLContext:
    """Verify the server by its own CA (PEM) alone; present a client certificate if there is one."""
    # Not create_default_context(): from Python 3.13 it refuses the CAs of older clusters, which
    # lack an authority key identifier (VERIFY_X509_STRICT).
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_data:
        context.load_verify_locations(cadata=ca_data)
    else:
        context.load_default_certs()
    certificate = credentials.get("client_certificate")
    if certificate:
        _load_chain(context, certificate, credentials.get("client_key", ""))
    return context


def _load_chain(context: ssl.SSLContext, certificate: str, key: str) -> None:
    # OpenSSL reads a chain from a file only; ours exists for a moment, readable by us alone.
    handle, name = tempfile.mkstemp(prefix="podgate-")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(f"{certificate}\n{key}\n")
        context.load_cert_chain(name)
    finally:
        Path(name).unlink()


class _Connection(HTTPSConnection):
    """Connects to an address that was checked, and checks the one it is connected to."""

    def _new_conn(self) -> socket.socket:
        try:
            addresses = resolve(self.host, self.port)
        except (socket.gaierror, UnicodeError) as error:
            reason = socket.gaierror(str(error))
            raise NameResolutionError(self.host, self, reason) from error
        failure: Exception | None = None
        for address in addresses:
            try:
                return self._connected(address)
            except TimeoutError:
                failure = ConnectTimeoutError(self, f"{address}:{self.port} did not answer")
            except OSError as error:
                failure = NewConnectionError(self, f"{address}:{self.port}: {error.strerror}")
        raise failure or NewConnectionError(self, f"{self.host} has no address")

    def _connected(self, address: str) -> socket.socket:
        timeout = self.timeout if isinstance(self.timeout, int | float) else None
        connection = socket.create_connection((address, self.port), timeout)
        try:
            for option in self.socket_options or ():
                connection.setsockopt(*option)
            check(self.host, str(connection.getpeername()[0]))
        except BaseException:
            connection.close()
            raise
        return connection


class Pool(HTTPSConnectionPool):
    """Of one server. Streams are urllib3's to open; what is asked and answered goes by `ask`."""

    ConnectionCls = _Connection

    def ask(self, sent: bytes) -> wire.Answer:
        """Send once; what stood and was dropped meanwhile is connected anew before."""
        connection = self._get_conn()
        assert isinstance(connection, _Connection)
        keeps = False
        try:
            if connection.is_closed:
                connection.timeout = CONNECT_SECONDS
                connection.connect()
            assert connection.sock is not None
            connection.sock.settimeout(READ_SECONDS)
            answer = wire.exchange(connection.sock, sent)
            keeps = answer.keeps
        finally:
            if not keeps:
                connection.close()
            self._put_conn(connection)
        return answer


def guarded(pool: urllib3.PoolManager, context: ssl.SSLContext) -> urllib3.PoolManager:
    """Make `pool` speak TLS with `context` only, to checked addresses only."""
    pool.connection_pool_kw["ssl_context"] = context
    classes: dict[str, Any] = {"https": Pool}
    pool.pool_classes_by_scheme = classes
    return pool


def refused(error: BaseException | None) -> Refused | None:
    """The refusal behind an error of the pool, if that is what it was."""
    while error is not None and not isinstance(error, Refused):
        error = error.__cause__ or error.__context__
    return error
