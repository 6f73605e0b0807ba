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

from console.addresses import Refused, check, resolve


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


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _Connection


def guarded(pool: urllib3.PoolManager, context: ssl.SSLContext) -> urllib3.PoolManager:
    """Make `pool` speak TLS with `context` only, to checked addresses only."""
    pool.connection_pool_kw["ssl_context"] = context
    classes: dict[str, Any] = {"https": _Pool}
    pool.pool_classes_by_scheme = classes
    return pool


def refused(error: BaseException | None) -> Refused | None:
    """The refusal behind an error of the pool, if that is what it was."""
    while error is not None and not isinstance(error, Refused):
        error = error.__cause__ or error.__context__
    return error
