"""The port rows of the Create-a-Service form: what goes together, and what does not."""

from typing import Any

import pytest

from tests.services.filling import a_form, said, second_port


def test_a_target_port_may_be_the_name_of_a_container_port() -> None:
    form = a_form(ports__0__target="http-web")
    assert form.is_valid()
    assert form.spec().ports[0].target == "http-web"


def test_a_port_cannot_be_mapped_twice() -> None:
    form = a_form(**second_port(port="80"))
    assert not form.is_valid()
    assert "cannot be mapped twice" in said(form, "ports-1-port")
    assert not said(form, "ports-0-port")


def test_the_same_number_may_serve_tcp_and_udp_with_direct_access() -> None:
    form = a_form(**second_port(protocol="UDP", port="80", target="8080"))
    assert form.is_valid(), form.ports.forms[1].errors


def test_two_ports_with_one_target_are_refused_with_direct_access() -> None:
    form = a_form(**second_port(target="8080"))
    assert not form.is_valid()
    assert "already the target of row 1" in said(form, "ports-1-target")


@pytest.mark.parametrize("access", ["cluster-ip", "node-port"])
def test_two_ports_with_one_target_are_fine_without_a_load_balancer(access: str) -> None:
    assert a_form(access=access, **second_port(target="8080")).is_valid()


def test_port_names_are_unique() -> None:
    form = a_form(ports__0__name="web", **second_port(name="web"))
    assert "used twice" in said(form, "ports-1-name")


def test_no_port_row_at_all_is_refused() -> None:
    form = a_form(
        ports__0__protocol=None, ports__0__target=None, ports__0__port=None, ports__0__name=None
    )
    assert not form.is_valid()
    assert "At least one port mapping" in said(form, "__all__")


def test_two_hundred_ports_get_one_clear_message_and_are_kept() -> None:
    rows: dict[str, Any] = {}
    for n in range(200):
        rows |= {
            f"ports__{n}__protocol": "TCP",
            f"ports__{n}__target": str(1000 + n),
            f"ports__{n}__port": str(2000 + n),
            f"ports__{n}__name": "",
        }
    form = a_form(**rows)
    assert not form.is_valid()
    assert "200 port mappings" in said(form, "__all__")
    assert len(form.ports) == 200


@pytest.mark.parametrize(
    ("value", "message"),
    [("29999", "30000~32767"), ("32768", "30000~32767"), ("abc", "digits only")],
)
def test_a_node_port_has_its_range(value: str, message: str) -> None:
    form = a_form(access="node-port", ports__0__node_port=value)
    assert message in said(form, "ports-0-node_port")
    assert not form.is_valid()


def test_a_node_port_counts_only_for_node_port_access() -> None:
    form = a_form(ports__0__node_port="nonsense")
    assert form.is_valid()
    assert form.spec().ports[0].node_port is None
    form = a_form(access="node-port", ports__0__node_port="30080")
    assert form.spec().ports[0].node_port == 30080


def test_a_node_port_cannot_be_used_twice() -> None:
    form = a_form(access="node-port", ports__0__node_port="30080", **second_port(node_port="30080"))
    assert "cannot be mapped twice" in said(form, "ports-1-node_port")
