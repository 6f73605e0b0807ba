"""Cloud Connect Network and the addresses in it: which networks can reach each other."""

from typing import Any

from sandbox.tencent.cloud import Cloud
from sandbox.tencent.errors import ApiError, refuse
from sandbox.tencent.filters import filtered, page
from sandbox.tencent.model import fresh_id
from sandbox.tencent.networks import Ccn, Route, conflicts
from sandbox.tencent.registry import VPC, Answer, Call
from sandbox.tencent.shapes import (
    FILTERS,
    LIMIT,
    OFFSET,
    Many,
    Record,
    Shape,
    Text,
    not_emulated_parameters,
)
from sandbox.tencent.vpc import CREATED, vpcs

Document = dict[str, Any]
PAGED: dict[str, Shape] = {"Filters": FILTERS, "Offset": OFFSET, "Limit": LIMIT}
ORDERED: dict[str, Shape] = {"OrderField": Text(), "OrderDirection": Text()}
BAD_FILTER = "InvalidParameter.FilterInvalidKey"


def _ccn(cloud: Cloud, id: str) -> Ccn:
    if ccn := cloud.networks.ccns.get(id):
        return ccn
    raise ApiError("ResourceNotFound", f"The CCN {id} does not exist.")


@VPC.action("DescribeCcns", {"CcnIds": Many(Text()), **PAGED, **ORDERED})
def describe_ccns(cloud: Cloud, call: Call) -> Answer:
    ids = call.get("CcnIds")
    for id in ids or ():
        _ccn(cloud, id)
    documents = [_shown(ccn) for ccn in cloud.networks.ccns.values() if not ids or ccn.id in ids]
    fields = {"ccn-id": "CcnId", "ccn-name": "CcnName", "state": "State"}
    found = _filtered(documents, call, fields)
    return {"TotalCount": len(found), "CcnSet": list(page(found, call))}


def _shown(ccn: Ccn) -> Document:
    return {
        "CcnId": ccn.id,
        "CcnName": ccn.name,
        "CcnDescription": ccn.description,
        "InstanceCount": len(ccn.attached),
        "CreateTime": CREATED,
        "State": ccn.state,
        "QosLevel": "AU",
        "InstanceChargeType": "POSTPAID",
        "BandwidthLimitType": "OUTER_REGION_LIMIT",
        "TagSet": [],
        "RoutePriorityFlag": False,
        "RouteTableCount": 1,
        "RouteTableFlag": False,
    }


def _filtered(documents: list[Document], call: Call, fields: dict[str, str]) -> list[Document]:
    def values(document: Document, name: str) -> list[str] | None:
        if name not in fields:
            return None
        value = document[fields[name]]
        return value if isinstance(value, list) else [str(value)]

    return filtered(documents, call.get("Filters", []), values, code=BAD_FILTER)


@VPC.action("DescribeCcnAttachedInstances", {"CcnId": Text(), **PAGED, **ORDERED})
def describe_ccn_attached_instances(cloud: Cloud, call: Call) -> Answer:
    region, uin = cloud.world.tencent["region"], cloud.world.tencent["uin"]
    wanted = call.get("CcnId")
    by_id = {vpc.id: vpc for vpc in vpcs(cloud)}
    documents = [
        {
            "CcnId": ccn.id,
            "InstanceType": "VPC",
            "InstanceId": vpc_id,
            "InstanceName": by_id[vpc_id].name,
            "InstanceRegion": region,
            "InstanceUin": uin,
            "CidrBlock": [str(by_id[vpc_id].cidr)],
            "State": "ACTIVE",
            "AttachedTime": CREATED,
            "CcnUin": uin,
            "InstanceArea": "",
            "Description": "",
            "RouteTableId": "",
            "RouteTableName": "",
        }
        for ccn in cloud.networks.ccns.values()
        if wanted in (None, ccn.id)
        for vpc_id in ccn.attached
    ]
    fields = {
        "ccn-id": "CcnId",
        "instance-type": "InstanceType",
        "instance-region": "InstanceRegion",
        "instance-id": "InstanceId",
    }
    found = _filtered(documents, call, fields)
    return {"TotalCount": len(found), "InstanceSet": list(page(found, call))}


@VPC.action("DescribeCcnRoutes", {"CcnId*": Text(), "RouteIds": Many(Text()), **PAGED})
def describe_ccn_routes(cloud: Cloud, call: Call) -> Answer:
    ids = call.get("RouteIds")
    routes = _ccn(cloud, call.params["CcnId"]).routes
    documents = [_route(cloud, route) for route in routes if not ids or route.id in ids]
    fields = {
        "route-id": "RouteId",
        "cidr-block": "DestinationCidrBlock",
        "instance-type": "InstanceType",
        "instance-region": "InstanceRegion",
        "instance-id": "InstanceId",
    }
    found = _filtered(documents, call, fields)
    return {"TotalCount": len(found), "RouteSet": list(page(found, call))}


def _route(cloud: Cloud, route: Route) -> Document:
    name = next((vpc.name for vpc in vpcs(cloud) if vpc.id == route.vpc_id), route.vpc_id)
    return {
        "RouteId": route.id,
        "DestinationCidrBlock": route.cidr,
        "InstanceType": route.instance_type,
        "InstanceId": route.vpc_id,
        "InstanceName": name,
        "InstanceRegion": cloud.world.tencent["region"],
        "UpdateTime": CREATED,
        "Enabled": route.enabled,
        "InstanceUin": cloud.world.tencent["uin"],
        "ExtraState": "Normal" if route.enabled else "Disabled",
        "IsBgp": False,
        "RoutePriority": None,
        "InstanceExtraName": "",
    }


INSTANCE = Record(
    {
        "InstanceId*": Text(),
        "InstanceRegion*": Text(),
        "InstanceType": Text(("VPC",)),
        "Description": Text(),
        "RouteTableId": Text(),
    }
)
INSTANCES = Many(INSTANCE, most=20, least=1)
MOST_CCNS = 5


@VPC.action(
    "CreateCcn",
    {
        "CcnName*": Text(least=1, most=60),
        "CcnDescription": Text(most=100),
        "QosLevel": Text(("PT", "AU", "AG")),
        "InstanceChargeType": Text(("POSTPAID",)),
        "InstanceMeteringType": Text(("BANDWIDTH", "TRAFFIC")),
        "BandwidthLimitType": Text(("OUTER_REGION_LIMIT", "INTER_REGION_LIMIT")),
        **not_emulated_parameters("Tags"),
    },
)
def create_ccn(cloud: Cloud, call: Call) -> Answer:
    ccns = cloud.networks.ccns
    if len(ccns) >= MOST_CCNS:
        refuse("LimitExceeded", f"An account has {MOST_CCNS} CCNs at most.")
    description = call.get("CcnDescription", "")
    ccn = Ccn(fresh_id("ccn", ccns), call.params["CcnName"], description=description)
    ccns[ccn.id] = ccn
    cloud.networks.ccn_changed()
    return {"Ccn": _shown(ccn)}


@VPC.action("DeleteCcn", {"CcnId*": Text()})
def delete_ccn(cloud: Cloud, call: Call) -> Answer:
    ccn = _ccn(cloud, call.params["CcnId"])
    if ccn.attached:
        code = "UnsupportedOperation.ExistCcnInstancesNotSupportDeleteCcn"
        refuse(code, f"{ccn.id} still has {len(ccn.attached)} instances.")
    cloud.networks.dropped(ccn)
    return {}


@VPC.action("AttachCcnInstances", {"CcnId*": Text(), "Instances*": INSTANCES, "CcnUin": Text()})
def attach_ccn_instances(cloud: Cloud, call: Call) -> Answer:
    """A network is in one CCN at most."""
    ccn, ids = _ccn(cloud, call.params["CcnId"]), _instances(cloud, call)
    for id in ids:
        if found := cloud.networks.ccn_of(id):
            refuse("UnsupportedOperation.CcnAttached", f"{id} is attached to {found.id} already.")
    for id in ids:
        cloud.networks.attach(ccn, id)
    return {}


@VPC.action("DetachCcnInstances", {"CcnId*": Text(), "Instances*": INSTANCES})
def detach_ccn_instances(cloud: Cloud, call: Call) -> Answer:
    """Its routes go with it, those of its container networks too."""
    ccn, ids = _ccn(cloud, call.params["CcnId"]), _instances(cloud, call)
    if missing := set(ids) - set(ccn.attached):
        words = f"{', '.join(sorted(missing))} is not attached to {ccn.id}."
        refuse("UnsupportedOperation.CcnNotAttached", words)
    for id in ids:
        cloud.networks.detach(ccn, id)
    return {}


def _instances(cloud: Cloud, call: Call) -> list[str]:
    known = {vpc.id for vpc in vpcs(cloud)}
    ids = [instance["InstanceId"] for instance in call.params["Instances"]]
    if unknown := set(ids) - known:
        refuse("ResourceNotFound", f"The VPCs {', '.join(sorted(unknown))} do not exist.")
    return ids


ROUTES: dict[str, Shape] = {"CcnId*": Text(), "RouteIds*": Many(Text(), least=1)}


@VPC.action("EnableCcnRoutes", ROUTES)
def enable_ccn_routes(cloud: Cloud, call: Call) -> Answer:
    """Refused while it conflicts with a route that is enabled: that one is disabled first."""
    ccn, chosen = _chosen(cloud, call)
    for route in chosen:
        if others := conflicts(ccn, route):
            words = f"{route.cidr} conflicts with {others[0].cidr} of {others[0].vpc_id}."
            refuse("UnsupportedOperation.CcnRouteCidrOverlap", words)
    for route in chosen:
        route.enabled = True
    cloud.networks.ccn_changed()
    return {}


@VPC.action("DisableCcnRoutes", ROUTES)
def disable_ccn_routes(cloud: Cloud, call: Call) -> Answer:
    _, chosen = _chosen(cloud, call)
    for route in chosen:
        route.enabled = False
    cloud.networks.ccn_changed()
    return {}


def _chosen(cloud: Cloud, call: Call) -> tuple[Ccn, list[Route]]:
    ccn = _ccn(cloud, call.params["CcnId"])
    routes = {route.id: route for route in ccn.routes}
    if unknown := set(call.params["RouteIds"]) - set(routes):
        refuse("ResourceNotFound", f"The routes {', '.join(sorted(unknown))} do not exist.")
    return ccn, [routes[id] for id in call.params["RouteIds"]]
