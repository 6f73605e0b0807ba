from typing import Any

import pytest

from console.models import Binder, Claim
from services.forms import CreateServiceForm
from services.spec import Access, CheckType, ClaimBy, HealthCheck, Port, Protocol, ServiceSpec
from tests.services.filling import CHOICES, a_cluster, a_form, filled, said, second_port


def test_a_right_form_hands_over_one_finished_value() -> None:
    form = a_form()
    assert form.is_valid(), form.errors
    assert form.spec() == ServiceSpec(
        namespace="shop",
        name="bar",
        access=Access.PUBLIC,
        ports=(Port(Protocol.TCP, 80, 8080),),
        selector=(("app", "storefront"),),
        claim=ClaimBy.CLASS,
    )


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "cannot be empty"),
        ("name", "a" * 64, "cannot exceed 63 characters"),
        ("name", "a" * 254, "cannot exceed 63 characters"),
        ("name", "Bar", "format incorrect"),
        ("name", "1bar", "format incorrect"),
        ("name", "bar-", "format incorrect"),
        ("name", "bär", "format incorrect"),
        ("name", "🚀", "format incorrect"),
        ("name", "<script>alert(1)</script>", "format incorrect"),
        ("description", "x" * 1001, "cannot exceed 1000 characters"),
        ("namespace", "", "cannot be empty"),
        ("namespace", "nowhere", "Namespace nowhere does not exist"),
        ("access", "", "Choose an access method"),
        ("access", "teleport", "teleport is not an access method"),
        ("check_type", "GOPHER", "not a type of health check"),
        ("interval", "", "cannot be empty"),
        ("interval", "1", "2~300"),
        ("interval", "301", "2~300"),
        ("interval", "five", "digits only"),
        ("interval", "５", "digits only"),
        ("timeout", "1", "2~60"),
        ("timeout", "61", "2~60"),
        ("timeout", "5", "shorter than the interval"),
        ("healthy", "1", "2~10"),
        ("healthy", "11", "2~10"),
        ("unhealthy", "11", "2~10"),
        ("traffic", "Everywhere", "not an external traffic policy"),
        ("affinity", "Cookie", "not a session affinity"),
        ("ports-0-protocol", "SCTP", "choose TCP or UDP"),
        ("ports-0-target", "", "Enter the container port"),
        ("ports-0-target", "0", "must be 1~65535"),
        ("ports-0-target", "65536", "must be 1~65535"),
        ("ports-0-target", "UPPER", "Target port format incorrect"),
        ("ports-0-target", "a-name-far-too-long", "Target port format incorrect"),
        ("ports-0-port", "", "Enter the service port"),
        ("ports-0-port", "0", "must be 1~65535"),
        ("ports-0-port", "65536", "must be 1~65535"),
        ("ports-0-port", "abc", "digits only"),
        ("ports-0-port", "80.0", "digits only"),
        ("ports-0-port", "-1", "digits only"),
        ("ports-0-port", "9" * 300, "digits only"),
        ("ports-0-name", "Http", "format incorrect"),
        ("ports-0-name", "h" * 64, "cannot exceed 63 characters"),
        ("selectors-0-key", "", "key cannot be empty"),
        ("selectors-0-value", "", "value cannot be empty"),
        ("selectors-0-key", "-app", "Format incorrect"),
        ("selectors-0-key", "app/", "Format incorrect"),
        ("selectors-0-key", "Not A Domain/app", "domain name"),
        ("selectors-0-key", "k" * 64, "cannot exceed 63"),
        ("selectors-0-value", "v" * 64, "cannot exceed 63"),
        ("selectors-0-value", "a/b", "Format incorrect"),
        ("selectors-0-value", "🚀", "Format incorrect"),
    ],
)
def test_a_wrong_field_is_named_beside_it(field: str, value: str, message: str) -> None:
    changes: dict[str, Any] = {field: value}
    form = a_form(**changes)
    assert not form.is_valid()
    assert message in said(form, field)
    # The form keeps everything.
    assert form.data[field] == value


def test_private_access_needs_a_subnet_with_a_free_address() -> None:
    form = a_form(access="private")
    assert "Choose a subnet" in said(form, "subnet")
    form = a_form(access="private", subnet="subnet-full01")
    assert "subnet-full01 has no free IP" in said(form, "subnet")
    form = a_form(access="private", subnet="subnet-elsewhere")
    assert "not a subnet" in said(form, "subnet")
    form = a_form(access="private", subnet="subnet-clb01")
    assert form.is_valid()
    assert form.spec().subnet_id == "subnet-clb01"


def test_a_subnet_counts_only_for_private_access() -> None:
    form = a_form(subnet="subnet-full01")
    assert form.is_valid()
    assert form.spec().subnet_id == ""


def test_direct_access_cannot_be_unticked_where_podgate_binds() -> None:
    form = a_form(direct=None)
    assert form.is_valid()
    assert form.spec().direct
    assert form.fields["direct"].disabled


def test_direct_access_is_a_choice_where_tke_binds() -> None:
    cluster = a_cluster(binder=Binder.TKE)
    form = a_form(cluster, direct=None)
    assert form.is_valid()
    spec = form.spec()
    assert (spec.direct, spec.claim) == (False, None)
    assert a_form(cluster).spec().direct


def test_without_direct_access_protocols_must_be_the_same() -> None:
    form = a_form(a_cluster(binder=Binder.TKE), direct=None, **second_port(protocol="UDP"))
    assert "Protocols must be the same" in said(form, "ports-1-protocol")


def test_the_claim_is_the_clusters() -> None:
    assert a_form(a_cluster(claim=Claim.ANNOTATION)).spec().claim is ClaimBy.ANNOTATION
    assert a_form(access="cluster-ip").spec().claim is None


def test_headless_is_for_cluster_ip_alone() -> None:
    assert a_form(access="cluster-ip", headless="on").spec().headless
    assert not a_form(access="public", headless="on").spec().headless


@pytest.mark.parametrize(
    ("access", "hold", "ok"),
    [
        ("public", "30", True),
        ("public", "3600", True),
        ("public", "29", False),
        ("public", "3601", False),
        ("cluster-ip", "1", True),
        ("cluster-ip", "86400", True),
        ("cluster-ip", "0", False),
        ("public", "", False),
        ("public", "abc", False),
    ],
)
def test_the_session_hold_time_has_its_range(access: str, hold: str, ok: bool) -> None:
    form = a_form(access=access, affinity="ClientIP", hold=hold)
    assert form.is_valid() is ok
    assert bool(said(form, "hold")) is not ok


def test_a_hold_time_without_affinity_is_not_looked_at() -> None:
    form = a_form(hold="nonsense")
    assert form.is_valid()
    assert form.spec().session_seconds is None


def test_a_health_check_that_is_off_needs_no_numbers() -> None:
    form = a_form(check=None, interval="", timeout="x")
    assert form.is_valid()
    assert form.spec().health == HealthCheck(enabled=False)


def test_an_http_check_needs_a_path_and_a_host() -> None:
    form = a_form(check_type="HTTP", check_path="health")
    assert "start with '/'" in said(form, "check_path")
    assert "CLB needs it" in said(form, "check_domain")
    form = a_form(check_type="HTTP", check_path="/healthz", check_domain="bar.shop")
    assert form.spec().health == HealthCheck(
        type=CheckType.HTTP, path="/healthz", domain="bar.shop"
    )


def test_the_type_of_check_fits_the_ports() -> None:
    assert "PING" in said(a_form(ports__0__protocol="UDP"), "check_type")
    assert a_form(ports__0__protocol="UDP", check_type="PING").is_valid()
    assert "TCP or HTTP" in said(a_form(check_type="PING"), "check_type")


def test_blank_selector_rows_are_no_selectors() -> None:
    form = a_form(
        selectors__0__key="", selectors__0__value="", selectors__1__key=" ", selectors__1__value=""
    )
    assert form.is_valid()
    assert form.spec().selector == ()


def test_a_selector_key_cannot_be_used_twice() -> None:
    form = a_form(selectors__1__key="app", selectors__1__value="other")
    assert not form.is_valid()
    assert "used twice" in said(form, "selectors-1-key")


@pytest.mark.parametrize(
    ("changes", "stands"),
    [
        ({}, True),
        ({"selectors__0__key": "", "selectors__0__value": ""}, True),
        ({"selectors__1__key": "tier", "selectors__1__value": "web"}, True),
        ({"selectors__1__key": "-tier", "selectors__1__value": "web"}, False),
        ({"selectors__1__key": "tier", "selectors__1__value": ""}, False),
        ({"selectors__1__key": "app", "selectors__1__value": "other"}, False),
    ],
)
def test_a_selector_stands_when_every_row_of_it_is_right(
    changes: dict[str, Any], stands: bool
) -> None:
    form = a_form(**changes)
    assert form.selector_stands is stands
    # Whoever takes errors off the page does not make it right.
    form.keep_errors_of(set())
    assert form.selector_stands is stands


def test_a_prefixed_selector_key_is_fine() -> None:
    form = a_form(selectors__0__key="app.kubernetes.io/name")
    assert form.is_valid()


def test_a_forged_token_is_replaced() -> None:
    form = a_form(token="<script>")
    assert form.is_valid()
    assert len(form.cleaned_data["token"]) == 32


def test_a_draft_says_what_is_right_so_far() -> None:
    form = a_form(name="", ports__0__port="abc", **second_port())
    draft = form.draft()
    assert draft.name == ""
    assert [port.port for port in draft.ports] == [443]


def test_a_new_form_drafts_its_initial_values() -> None:
    draft = CreateServiceForm(a_cluster(), CHOICES).draft()
    assert (draft.access, draft.health) == (Access.PUBLIC, HealthCheck())


def test_nonsense_from_the_network_is_no_server_error() -> None:
    for data in ({}, {"ports-0-protocol": "x"}, {"ports-99999-port": "1"}, {"name": "\x00"}):
        assert not CreateServiceForm(a_cluster(), CHOICES, data).is_valid()
    assert CreateServiceForm(a_cluster(), CHOICES, filled()).is_valid()
