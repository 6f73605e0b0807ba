import base64
from typing import Any

import pytest
import yaml

from console import kubeconfig
from console.kubeconfig import Rejected

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def config(**changes: Any) -> dict[str, Any]:
    cluster = {
        "server": "https://192.0.2.1:6443",
        "certificate-authority-data": encoded(CERTIFICATE),
    }
    content: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "preferences": {},
        "current-context": "ctx",
        "clusters": [{"name": "c", "cluster": cluster | changes.get("cluster", {})}],
        "users": [{"name": "u", "user": changes.get("user", {"token": "abc.def"})}],
        "contexts": [{"name": "ctx", "context": {"cluster": "c", "user": "u"}}],
    }
    content.update(changes.get("top", {}))
    return content


def parse(content: dict[str, Any]) -> kubeconfig.Kubeconfig:
    return kubeconfig.parse(yaml.safe_dump(content).encode())


def refusal(content: dict[str, Any] | bytes) -> str:
    with pytest.raises(Rejected) as caught:
        kubeconfig.parse(content) if isinstance(content, bytes) else parse(content)
    return str(caught.value)


def test_a_token_is_accepted() -> None:
    found = parse(config())
    assert found.server == "https://192.0.2.1:6443"
    assert found.ca_data == CERTIFICATE
    assert found.credentials == {"token": "abc.def"}


def test_a_client_certificate_is_accepted() -> None:
    user = {"client-certificate-data": encoded(CERTIFICATE), "client-key-data": encoded(KEY)}
    assert parse(config(user=user)).credentials == {
        "client_certificate": CERTIFICATE,
        "client_key": KEY,
    }


def test_the_credentials_are_not_in_its_repr() -> None:
    assert "abc.def" not in repr(parse(config()))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("exec", {"command": "touch", "args": ["/tmp/owned"]}),
        ("auth-provider", {"name": "gcp", "config": {"cmd-path": "/bin/sh"}}),
        ("tokenFile", "/etc/passwd"),
        ("client-certificate", "/etc/ssl/cert.pem"),
        ("client-key", "/home/someone/.ssh/id_rsa"),
        ("username", "admin"),
        ("password", "hunter2"),
        ("as", "system:admin"),
        ("as-groups", ["system:masters"]),
        ("impersonate", "x"),
    ],
)
def test_every_other_field_of_a_user_is_refused_by_name(field: str, value: Any) -> None:
    message = refusal(config(user={"token": "t", field: value}))
    assert message.startswith(f"users[u].user.{field} is refused")
    assert "hunter2" not in message


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("insecure-skip-tls-verify", True),
        ("insecure-skip-tls-verify", False),
        ("proxy-url", "http://evil.example"),
        ("certificate-authority", "/etc/ssl/ca.pem"),
        ("tls-server-name", "other.example"),
        ("disable-compression", True),
        ("extensions", [{"name": "x"}]),
    ],
)
def test_every_other_field_of_a_cluster_is_refused_by_name(field: str, value: Any) -> None:
    message = refusal(config(cluster={field: value}))
    assert message.startswith(f"clusters[c].cluster.{field} is refused")


def test_a_forbidden_field_is_found_in_an_entry_nobody_uses() -> None:
    content = config()
    content["users"].append({"name": "other", "user": {"exec": {"command": "id"}}})
    assert "users[other].user.exec is refused" in refusal(content)


def test_other_fields_at_the_top_are_refused_by_name() -> None:
    assert refusal(config(top={"extensions": []})).startswith("extensions is refused")


@pytest.mark.parametrize(
    "server",
    [
        "http://192.0.2.1",
        "file:///etc/passwd",
        "https://user:pass@192.0.2.1",
        "https://192.0.2.1/?x=1",
        "https://192.0.2.1/#x",
        "https://",
        "https://192.0.2.1:99999",
        "https://192.0.2.1:0",
        "https://exa mple",
        "https://" + "a" * 300,
        "",
        7,
    ],
)
def test_an_odd_server_is_refused(server: Any) -> None:
    assert "server" in refusal(config(cluster={"server": server}))


@pytest.mark.parametrize("token", ["a b", "a\nX-Evil: 1", "a\x00", "ключ", ["x"], "x" * 20000])
def test_a_token_that_would_break_a_header_is_refused(token: Any) -> None:
    assert "token" in refusal(config(user={"token": token}))


def test_a_user_needs_exactly_one_kind_of_credential() -> None:
    assert "neither" in refusal(config(user={}))
    both = {"token": "t", "client-certificate-data": encoded(CERTIFICATE)}
    assert "leave one of them" in refusal(config(user=both))
    assert "client-key-data is missing" in refusal(
        config(user={"client-certificate-data": encoded(CERTIFICATE)})
    )


def test_data_that_is_no_pem_is_refused() -> None:
    assert "not base64" in refusal(config(cluster={"certificate-authority-data": "%%%"}))
    assert "holds no PEM" in refusal(
        config(cluster={"certificate-authority-data": encoded("hello")})
    )


def test_a_context_that_names_nothing_is_refused() -> None:
    assert "current-context names nothing" in refusal(config(top={"current-context": "nope"}))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (b"x" * (kubeconfig.MAX_BYTES + 1), "larger than"),
        (b"\xff\xfe", "UTF-8"),
        (b"!!python/object/apply:os.system ['id']", "not plain YAML"),
        (b"a: [b", "not plain YAML (line 1)"),
        (b"[]", "no mapping"),
        (b"", "no mapping"),
        (b"a: &x {b: 1}\nc: *x", "aliases"),
        (b"a: 1\na: 2", "appears twice"),
        (b"1: x", "is not text"),
        (b"? [a]\n: b", "not"),
        (b"[" * 5000, "nested deeper"),
        (b"clusters: 3", "clusters is not a list"),
        (b"clusters: [3]", "has no name"),
        (b"clusters: [{name: x, cluster: 5}]", "is not a mapping"),
    ],
)
def test_hostile_or_broken_yaml_is_refused_in_a_sentence(text: bytes, word: str) -> None:
    assert word in refusal(text)


def test_a_yaml_error_does_not_quote_the_file() -> None:
    assert "s3cret" not in refusal(b"users:\n- user: {token: s3cret\n  ]")
