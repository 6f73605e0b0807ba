"""A tiny webhook over real HTTPS, in a thread of the test; what it answers is a function."""

import base64
import datetime
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Document = dict[str, Any]
Answerer = Callable[[Document], Any]
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Raw:
    """An answer that is no AdmissionReview; `body` None: the connection is closed without one."""

    code: int = 200
    body: bytes | None = b""
    media_type: str = "application/json"


class Authority:
    """A CA of the test's own."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test CA")])
        now = datetime.datetime.now(datetime.UTC)
        self._certificate = (
            self._builder(self._name, self._key.public_key(), (now - DAY, now + DAY))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    @property
    def pem(self) -> bytes:
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def bundle(self) -> str:
        return base64.b64encode(self.pem).decode()

    def _builder(
        self, subject: x509.Name, key: Any, life: tuple[datetime.datetime, datetime.datetime]
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(life[0])
            .not_valid_after(life[1])
        )

    def issue(self, folder: Path, *names: str, expired: bool = False) -> tuple[Path, Path]:
        """Certificate and key files of a server with these SANs."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.UTC)
        life = (now - 3 * DAY, now - DAY) if expired else (now - DAY, now + DAY)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "webhook")])
        builder = self._builder(subject, key.public_key(), life).add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
        )
        if names:
            sans = x509.SubjectAlternativeName([_san(name) for name in names])
            builder = builder.add_extension(sans, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        files = folder / "tls.crt", folder / "tls.key"
        files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        files[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return files


def _san(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@dataclass
class Webhook:
    """`asked` is every request it got, in order; `connections` counts those opened to it."""

    host: str
    port: int
    asked: list[Document] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    answerers: dict[str, Answerer] = field(default_factory=dict)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"https://{self.host}:{self.port}"

    def on(self, path: str, answerer: Answerer) -> str:
        """Answer so at this path; returns its url."""
        self.answerers[path] = answerer
        return self.url + path


def allowed(review: Document, **response: Any) -> Document:
    said = {"uid": review["request"]["uid"], "allowed": True, **response}
    return {"apiVersion": review["apiVersion"], "kind": "AdmissionReview", "response": said}


def patched(review: Document, *operations: Document, **response: Any) -> Document:
    patch = base64.b64encode(json.dumps(operations).encode()).decode()
    return allowed(review, **{"patch": patch, "patchType": "JSONPatch", **response})


def annotating(key: str, value: str = "yes") -> Answerer:
    """Adds an annotation, whether there are some already or not."""

    def answerer(review: Document) -> Document:
        had = review["request"]["object"]["metadata"].get("annotations") or {}
        operation = {"op": "add", "path": "/metadata/annotations", "value": {**had, key: value}}
        return patched(review, operation)

    return answerer


@contextmanager
def serving(
    pair: tuple[Path, Path] | None, *, host: str = "127.0.0.1", asks_who: bool = False
) -> Iterator[Webhook]:
    """A running webhook; without a certificate it speaks plain HTTP.

    With `asks_who` it wants a certificate of its client too.
    """
    server = _Server((host, 0), _Handler)
    if pair:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        if asks_who:
            context.load_verify_locations(pair[0])
            context.verify_mode = ssl.CERT_REQUIRED
        server.context = context
    server.webhook = Webhook(host, server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.webhook
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    webhook: Webhook
    context: ssl.SSLContext | None = None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A refused handshake is what some tests are after."""

    def finish_request(self, request: Any, client_address: Any) -> None:
        # The handshake belongs into the connection's own thread.
        self.webhook.connections += 1
        if self.context is None:
            super().finish_request(request, client_address)
            return
        with self.context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        webhook = self.server.webhook
        webhook.asked.append(review)
        path = self.path.partition("?")[0]
        webhook.paths.append(self.path)
        answer = (webhook.answerers.get(path) or allowed)(review)
        if not isinstance(answer, Raw):
            answer = Raw(body=json.dumps(answer).encode())
        if answer.body is None:
            self.close_connection = True
            return
        self.send_response(answer.code)
        self.send_header("Content-Type", answer.media_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""
