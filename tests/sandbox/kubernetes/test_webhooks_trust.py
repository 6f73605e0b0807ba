"""Whom the API server believes and where it goes: exactly the caBundle, SANs, url or Service."""

import base64
from pathlib import Path
from typing import Any

from tests.conformance.api import Document
from tests.conformance.place import service
from tests.sandbox.kubernetes.hooks import FAILED, Gate
from tests.webhook import Authority, annotating, serving


def _message(gate: Gate, pair: tuple[Path, Path], **client: Any) -> str:
    with serving(pair) as webhook:
        url = webhook.url.replace("127.0.0.1", client.pop("host", "127.0.0.1"))
        details = gate.client(url=url, **client)
        gate.register("one", gate.entry("one.podgate.dev", details))
        answer = gate.make()
    return answer.message if answer.code != 201 else ""


X509 = "tls: failed to verify certificate: x509: "


def test_a_certificate_of_another_authority_is_not_believed(gate: Gate, tmp_path: Path) -> None:
    said = _message(gate, Authority().issue(tmp_path, "127.0.0.1"))
    assert said.endswith(X509 + "certificate signed by unknown authority")


def test_a_certificate_for_another_address_is_not_believed(gate: Gate, tmp_path: Path) -> None:
    said = _message(gate, gate.authority.issue(tmp_path, "127.0.0.9"))
    assert said.endswith(X509 + "certificate is valid for 127.0.0.9, not 127.0.0.1")


def test_a_certificate_without_an_address_is_none_for_an_address(
    gate: Gate, tmp_path: Path
) -> None:
    said = _message(gate, gate.authority.issue(tmp_path, "webhook.example.com"))
    why = "cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs"
    assert said.endswith(X509 + why)


def test_a_certificate_for_another_name_is_not_believed(gate: Gate, tmp_path: Path) -> None:
    pair = gate.authority.issue(tmp_path, "webhook.example.com")
    said = _message(gate, pair, host="localhost")
    assert said.endswith(X509 + "certificate is valid for webhook.example.com, not localhost")


def test_the_common_name_does_not_count(gate: Gate, tmp_path: Path) -> None:
    said = _message(gate, gate.authority.issue(tmp_path), host="localhost")
    why = "certificate relies on legacy Common Name field, use SANs instead"
    assert said.endswith(X509 + why)


def test_an_expired_certificate_is_told_with_its_dates(gate: Gate, tmp_path: Path) -> None:
    said = _message(gate, gate.authority.issue(tmp_path, "127.0.0.1", expired=True))
    assert X509 + "certificate has expired or is not yet valid: current time " in said
    assert " is after " in said


def test_a_bundle_may_hold_an_old_and_a_new_authority_of_one_name(
    gate: Gate, tmp_path: Path
) -> None:
    both = base64.b64encode(Authority().pem + gate.authority.pem).decode()
    assert _message(gate, gate.authority.issue(tmp_path, "127.0.0.1"), caBundle=both) == ""


def test_a_bundle_that_is_no_pem_is_stored_and_fails_the_calls(gate: Gate, tmp_path: Path) -> None:
    said = _message(gate, gate.authority.issue(tmp_path, "127.0.0.1"), caBundle="Ym9ndXM=")
    why = "unable to load root certificates: unable to parse bytes as PEM block"
    assert said == f"{FAILED}could not get REST client: {why}"


def test_without_a_bundle_the_machines_authorities_count(gate: Gate, tmp_path: Path) -> None:
    said = _message(gate, gate.authority.issue(tmp_path, "127.0.0.1"), caBundle="")
    assert said.endswith(X509 + "certificate signed by unknown authority")


# Services: the API server asks an endpoint behind it, under the Service's name.


def _service_client(gate: Gate, **details: Any) -> Document:
    reference = {"name": "hook", "namespace": gate.place.namespace, "path": "/mutate", **details}
    return {"service": reference, "caBundle": gate.authority.bundle}


def test_a_service_is_asked_under_its_name(gate: Gate, tmp_path: Path) -> None:
    namespace = gate.place.namespace
    pair = gate.authority.issue(tmp_path, f"hook.{namespace}.svc")
    with serving(pair) as webhook:
        webhook.on("/mutate", annotating("seen"))
        body = service("hook", ports=[{"port": 443, "targetPort": webhook.port}])
        del body["spec"]["selector"]
        gate.place.made("services", body)
        subset = {"addresses": [{"ip": "127.0.0.1"}], "ports": [{"port": webhook.port}]}
        gate.place.make("endpoints", {"metadata": {"name": "hook"}, "subsets": [subset]})
        gate.register("one", gate.entry("one.podgate.dev", _service_client(gate)))
        made = gate.make()
    assert made.body["metadata"]["annotations"] == {"seen": "yes"}, made.body
    assert webhook.paths == ["/mutate?timeout=10s"]


def test_a_service_that_is_not_there_is_told(gate: Gate) -> None:
    gate.register("one", gate.entry("one.podgate.dev", _service_client(gate)))
    url = f"https://hook.{gate.place.namespace}.svc:443/mutate?timeout=10s"
    said = f'failed to call webhook: Post "{url}": service "hook" not found'
    assert gate.make().message == FAILED + said


def test_a_service_without_endpoints_is_told(gate: Gate) -> None:
    gate.place.made("services", service("hook", ports=[{"port": 443}]))
    gate.register("one", gate.entry("one.podgate.dev", _service_client(gate)))
    assert gate.make().message.endswith(': no endpoints available for service "hook"')
