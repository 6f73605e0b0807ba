"""The Cloud Connect Network at the VPC API: what a VPC is in, and changes to it.

TKE's own two actions for container ranges are not in the public SDK: an endpoint may refuse them
by name, which is `NotOffered`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from console import container_routes, tencent
from console.container_routes import Ccn, CcnRoute
from console.models import Account
from console.tencent import CloudError

PAGE = 100
# Codes by which a gateway says that it has no such action.
UNKNOWN_ACTION = ("InvalidAction", "NoSuchAction", "UnsupportedProtocol")

Row = dict[str, Any]


class NotOffered(CloudError):
    """The endpoint does not have TKE's actions for container ranges."""


@dataclass(frozen=True)
class Choice:
    """A CCN of the account that a VPC may be attached to."""

    id: str
    name: str
    state: str
    instances: int


def read(account: Account, vpc_id: str, cidrs: Iterable[str]) -> Ccn:
    """Where this VPC stands, now; raises CloudError."""
    by_vpc = [{"Name": "instance-id", "Values": [vpc_id]}]
    instances = _all(account, "DescribeCcnAttachedInstances", "InstanceSet", Filters=by_vpc)
    id = next((row["CcnId"] for row in instances if row.get("InstanceId") == vpc_id), "")
    return container_routes.read(
        vpc_id,
        cidrs,
        instances=instances,
        ccns=_all(account, "DescribeCcns", "CcnSet", CcnIds=[id]) if id else (),
        routes=_all(account, "DescribeCcnRoutes", "RouteSet", CcnId=id) if id else (),
    )


def choices(account: Account) -> list[Choice]:
    """The account's CCNs that take instances."""
    return [
        Choice(row["CcnId"], row.get("CcnName") or "", row["State"], row.get("InstanceCount") or 0)
        for row in _all(account, "DescribeCcns", "CcnSet")
        if row.get("State") == container_routes.AVAILABLE
    ]


def create(account: Account, name: str) -> str:
    """A new CCN, pay as you go; its id."""
    params = {"CcnName": name, "QosLevel": "AU", "InstanceChargeType": "POSTPAID"}
    answer = tencent.call(account, "vpc", "CreateCcn", params)
    return str(answer["Ccn"]["CcnId"])


def attach(account: Account, ccn_id: str, vpc_id: str) -> None:
    instance = {"InstanceId": vpc_id, "InstanceRegion": account.region, "InstanceType": "VPC"}
    tencent.call(account, "vpc", "AttachCcnInstances", {"CcnId": ccn_id, "Instances": [instance]})


def register(account: Account, ccn: Ccn) -> None:
    """Container ranges become routes, and routes that are off are switched on."""
    for cidr in ccn.missing():
        _tke(account, "AddClusterCIDRToCcn", ccn.vpc_id, cidr)
    now = read(account, ccn.vpc_id, ccn.cidrs)
    if off := [route for route in now.own if not route.enabled]:
        _switch(account, now.ccn_id, "EnableCcnRoutes", off)


def unregister(account: Account, ccn: Ccn) -> None:
    """Takes the ranges out; where the endpoint has no action for that, their routes go off."""
    try:
        for route in ccn.own:
            _tke(account, "DeleteClusterCIDRFromCcn", ccn.vpc_id, route.cidr)
    except NotOffered:
        if on := [route for route in ccn.own if route.enabled]:
            _switch(account, ccn.ccn_id, "DisableCcnRoutes", on)


def _switch(account: Account, ccn_id: str, action: str, routes: Iterable[CcnRoute]) -> None:
    params = {"CcnId": ccn_id, "RouteIds": [route.id for route in routes]}
    tencent.call(account, "vpc", action, params)


def _tke(account: Account, action: str, vpc_id: str, cidr: str) -> None:
    try:
        tencent.call(account, "tke", action, {"VpcId": vpc_id, "ClusterCIDR": cidr})
    except CloudError as error:
        if error.code.startswith(UNKNOWN_ACTION):
            raise NotOffered(error.code, error.message, error.request_id) from None
        raise


def _all(account: Account, action: str, field: str, **params: Any) -> list[Row]:
    """Every page of a Describe action of the VPC service."""
    found: list[Row] = []
    while True:
        page = {**params, "Offset": len(found), "Limit": PAGE}
        answer = tencent.call(account, "vpc", action, page)
        rows = answer.get(field) or []
        found += rows
        if len(rows) < PAGE:
            return found
