"""The webhook's process against the sandbox: what API servers get, and what it survives."""

import asyncio
import gc
import socket
import ssl
from typing import Any

import pytest
from django.utils import timezone

from console.kube import connect, path
from console.models import Cluster
from services.admission import certificates, front
from services.admission.server import LOOP
from services.admission.webhook import Process
from services.models import AccessLayer, Repair
from tests.services.admission.conftest import Webhook, layer
from tests.services.admission.test_injection import asked
from tests.services.binding.driver import service
from tests.wait import PATIENCE, until

pytestmark = pytest.mark.sandbox


def claim(cluster: Cluster, name: str = "bar") -> None:
    connect(cluster).create(path("Service", "shop"), service(name))


def review(app: str = "storefront") -> dict[str, Any]:
    found = asked()
    found["request"]["object"]["metadata"]["labels"] = {"app": app}
    return found


def test_a_service_claimed_now_is_known_a_moment_later(ready: Webhook, cluster: Cluster) -> None:
    assert not ready.patches(review())
    claim(cluster)
    until(lambda: ready.patches(review()))
    connect(cluster).delete(path("Service", "shop", "bar"))
    until(lambda: not ready.patches(review()))
    until(lambda: layer().injected and layer().skipped)


def test_after_a_restart_it_goes_on_from_its_snapshot(ready: Webhook, cluster: Cluster) -> None:
    claim(cluster)
    until(lambda: ready.patches(review()))
    until(lambda: any(snapshot.services for snapshot in front.load()))
    ready.stop()
    served = ready.last
    # What comes now was not in the database when it was written down.
    AccessLayer.objects.all().delete()
    ready.start(with_database=False)
    until(ready.is_ready)
    assert ready.front == served
    until(lambda: ready.patches(review()))


def test_malformed_and_oversized_bodies_leave_it_unharmed(ready: Webhook, cluster: Cluster) -> None:
    assert ready.post(b"{")[0] == 400
    assert ready.post(b"x", path="/somewhere/else")[0] == 404
    with socket.create_connection(("127.0.0.1", layer().port), PATIENCE) as raw:
        trust = ssl.create_default_context(cadata=ready.front.bundle)
        with trust.wrap_socket(raw, server_hostname="127.0.0.1") as tls:
            tls.sendall(
                f"POST {ready.front.path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                "Content-Length: 9999999\r\n\r\n".encode()
            )
            _pour(tls, 5 * 1024 * 1024)
    assert not ready.patches(review())


def _pour(tls: ssl.SSLSocket, size: int) -> None:
    """The server may hang up before it has read all."""
    try:
        tls.sendall(b" " * size)
        answer = tls.recv(200)
    except OSError:
        return
    assert answer.startswith(b"HTTP/1.1 413")


def test_a_renewed_certificate_is_served_without_a_restart(
    ready: Webhook, cluster: Cluster
) -> None:
    before = _served(ready)
    row = layer()
    row.renew_wanted = True
    row.save(update_fields=["renew_wanted"])
    until(lambda: _served(ready) != before)
    assert ready.front.certificate == layer().certificate
    assert not ready.patches(review())


def _served(ready: Webhook) -> str:
    with socket.create_connection(("127.0.0.1", ready.front.port), PATIENCE) as raw:
        trust = ssl.create_default_context(cadata=ready.front.bundle)
        with trust.wrap_socket(raw, server_hostname="127.0.0.1") as tls:
            found = tls.getpeercert(binary_form=True)
    assert found
    return ssl.DER_cert_to_PEM_cert(found)


def test_only_its_own_ca_vouches_for_it(ready: Webhook, cluster: Cluster) -> None:
    assert certificates.names(ready.front.certificate) == ["127.0.0.1"]
    other = certificates.authority("cls-other", now=timezone.now())
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        ready.post(b"{}", bundle=other.certificate)


def test_with_a_client_ca_only_its_clients_are_heard(ready: Webhook, cluster: Cluster) -> None:
    assert ready.post(b"{")[0] == 400
    row = layer()
    row.client_ca = certificates.authority("api-server", now=timezone.now()).certificate
    row.save(update_fields=["client_ca"])

    def is_refused() -> bool:
        try:
            ready.post(b"{")
        except OSError:
            return True
        return False

    until(is_refused)


def test_who_still_shakes_hands_with_a_cluster_that_leaves_is_not_heard(
    ready: Webhook, cluster: Cluster
) -> None:
    """TLS is begun only after the port was closed: nothing of that cluster is served then."""
    served = ready.front
    with socket.create_connection(("127.0.0.1", served.port), PATIENCE) as raw:
        # Another connection was answered since, so that one was taken in as well.
        assert not ready.patches(review())
        Cluster.objects.update(leaving=True)
        until(lambda: ready.process and not ready.process.served)
        assert _said(raw, served.bundle) == b""


def test_nobody_who_still_shakes_hands_is_left_over_at_the_end(
    ready: Webhook, cluster: Cluster
) -> None:
    with socket.create_connection(("127.0.0.1", ready.front.port), PATIENCE) as raw:
        assert not ready.patches(review())
        ready.stop()
        gc.collect()  # what is left over is found, and fails the test
        assert raw.recv(1) == b""


def _said(raw: socket.socket, bundle: str) -> bytes:
    """What is answered on a connection that has not begun TLS yet."""
    trust = ssl.create_default_context(cadata=bundle)
    try:
        with trust.wrap_socket(raw, server_hostname="127.0.0.1") as tls:
            tls.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            return tls.recv(100)
    except OSError:
        return b""


def test_a_process_that_ended_serves_nothing_any_more(ready: Webhook, cluster: Cluster) -> None:
    """What the database said a moment before is taken up by nobody: no port, no watches."""
    ready.stop()
    assert ready.last
    fronts = [ready.last]

    async def applied_late() -> set[int]:
        process = Process(with_database=False)
        process.stopping.set()
        await process.run()
        process.served.clear()
        await process.apply(fronts)
        return set(process.served)

    assert asyncio.run(applied_late(), loop_factory=LOOP) == set()


def test_a_lost_ca_key_is_replaced_beside_the_old_ca(ready: Webhook, cluster: Cluster) -> None:
    old = layer().ca_certificate
    AccessLayer.objects.update(ca_key="lost")
    until(lambda: layer().ca_certificate != old and not layer().old_ca_certificate)
    assert Repair.objects.get(what="CaLost")
    assert not ready.patches(review())
