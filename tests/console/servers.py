"""Small HTTP servers that say exactly what a test wants, where the wire is what matters."""

import datetime
import ipaddress
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.wait import PATIENCE


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    # The caller's port: the same for all requests of one connection.
    port: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)


# Writes the whole answer: status, headers, body.
Answer = Callable[["Server", BaseHTTPRequestHandler, Request], None]


@dataclass
class Server:
    """Answers request n with `answers[n]`, the last one for ever; keeps what it was asked."""

    answers: list[Answer]
    url: str = ""
    ca: str = ""
    asked: list[Request] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)
    # Set when a connection has been closed.
    closed: threading.Event = field(default_factory=threading.Event)

    def next_answer(self) -> Answer:
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


def says(body: Any, status: int = 200, **headers: str) -> Answer:
    """One JSON answer; underscores in header names stand for dashes."""

    def answer(server: Server, handler: BaseHTTPRequestHandler, request: Request) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def drops(answer: Answer) -> Answer:
    """The answer, and then the end of the connection, without a word of it."""

    def then_drops(server: Server, handler: BaseHTTPRequestHandler, request: Request) -> None:
        answer(server, handler, request)
        handler.close_connection = True

    return then_drops


def hangs_up(server: Server, handler: BaseHTTPRequestHandler, request: Request) -> None:
    """The request arrived, its answer is lost."""
    handler.close_connection = True
    handler.connection.close()


def is_silent(server: Server, handler: BaseHTTPRequestHandler, request: Request) -> None:
    """No answer until the test is over."""
    server.release.wait(PATIENCE)
    handler.close_connection = True


def streams(*lines: Any, then_silent: bool = False) -> Answer:
    """A watch: chunked lines, and then its end or silence until the test is over."""

    def answer(server: Server, handler: BaseHTTPRequestHandler, request: Request) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for line in lines:
            data = json.dumps(line).encode() + b"\n"
            # In two pieces: lines do not come in chunks.
            for piece in (data[:7], data[7:]):
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                handler.wfile.flush()
        if then_silent:
            server.release.wait(PATIENCE)
        else:
            handler.wfile.write(b"0\r\n\r\n")

    return answer


@contextmanager
def serving(*answers: Answer, tls: Path | None = None) -> Iterator[Server]:
    """A server on a free loopback port; with `tls` (a scratch directory) it speaks HTTPS."""
    script = Server(list(answers))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def reply(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body, port = self.rfile.read(length), self.client_address[1]
            request = Request(self.command, self.path, dict(self.headers), body, port)
            script.asked.append(request)
            script.next_answer()(script, self, request)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = reply

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def shutdown_request(self, request: Any) -> None:
            super().shutdown_request(request)
            script.closed.set()

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass

    with Quiet(("127.0.0.1", 0), Handler) as server:
        scheme = "http"
        if tls:
            scheme, script.ca = "https", _use_tls(server, tls)
        script.url = f"{scheme}://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield script
        finally:
            script.release.set()
            server.shutdown()
            thread.join()


def _use_tls(server: ThreadingHTTPServer, folder: Path) -> str:
    """A fresh CA and a certificate of it for 127.0.0.1; the CA's PEM."""
    authority, ca_key = certificate("podgate test CA")
    leaf, key = certificate("127.0.0.1", signed_by=(authority, ca_key))
    chain = folder / "server.pem"
    chain.write_bytes(pem(leaf) + key_pem(key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return pem(authority).decode()


Signed = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def certificate(name: str, signed_by: Signed | None = None) -> Signed:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, signing_key = (signed_by[0].subject, signed_by[1]) if signed_by else (subject, key)
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=signed_by is None, path_length=None), critical=True)
    )
    if signed_by:
        address = x509.IPAddress(ipaddress.ip_address(name))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    return builder.sign(signing_key, hashes.SHA256()), key


def pem(found: x509.Certificate) -> bytes:
    return found.public_bytes(serialization.Encoding.PEM)


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
