"""Where a VPC stands in the CCN, from the answers of the VPC API."""

from typing import Any

import pytest

from console.container_routes import Ccn, read, restored

CIDR = "10.244.0.0/16"


def route(cidr: str = CIDR, instance: str = "vpc-1", *, on: bool = True) -> dict[str, Any]:
    return {
        "RouteId": f"ccnr-{cidr}",
        "DestinationCidrBlock": cidr,
        "InstanceId": instance,
        "Enabled": on,
    }


def connected(*routes: dict[str, Any], state: str = "AVAILABLE", vpc_state: str = "ACTIVE") -> Ccn:
    return read(
        "vpc-1",
        [CIDR],
        instances=[{"InstanceId": "vpc-1", "CcnId": "ccn-1", "State": vpc_state}],
        ccns=[{"CcnId": "ccn-1", "CcnName": "shop", "State": state}],
        routes=routes,
    )


def test_a_vpc_in_no_ccn_is_not_attached() -> None:
    found = read("vpc-1", [CIDR], instances=[], ccns=[], routes=[])
    assert (found.attached, found.registered, found.enabled) == (False, False, False)
    assert found.missing() == (CIDR,)


def test_a_range_is_registered_by_its_own_route_or_a_wider_one() -> None:
    assert connected(route("10.240.0.0/12")).enabled
    assert not connected(route("10.244.0.0/17")).registered
    assert not connected(route(instance="vpc-2")).registered


@pytest.mark.parametrize(("state", "vpc_state"), [("ISOLATED", "ACTIVE"), ("AVAILABLE", "PENDING")])
def test_a_route_counts_only_in_a_ccn_that_works(state: str, vpc_state: str) -> None:
    found = connected(route(), state=state, vpc_state=vpc_state)
    assert (found.registered, found.enabled) == (True, False)


def test_a_route_that_is_off_is_registered_but_not_enabled() -> None:
    found = connected(route(on=False))
    assert (found.registered, found.enabled, found.missing()) == (True, False, ())


def test_only_routes_to_elsewhere_that_are_on_conflict() -> None:
    found = connected(
        route(), route("10.244.3.0/24", "dcg-1"), route("10.244.4.0/24", "dcg-2", on=False)
    )
    assert [each.instance_id for each in found.conflicts] == ["dcg-1"]


def test_what_is_stored_comes_back_the_same() -> None:
    found = connected(route())
    assert restored(found.stored()) == found
    assert restored(None) is None
