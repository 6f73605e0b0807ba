"""CLB instances: create, describe, change, delete."""

from sandbox.tencent.answers import load_balancer as shown
from sandbox.tencent.clock import written_now
from sandbox.tencent.cloud import Cloud
from sandbox.tencent.errors import ApiError, refuse
from sandbox.tencent.filters import filtered, page
from sandbox.tencent.model import LoadBalancer, Task, fresh_id
from sandbox.tencent.quotas import INTERNAL, OPEN
from sandbox.tencent.registry import CLB, Answer, Call
from sandbox.tencent.shapes import (
    FILTERS,
    LIMIT,
    OFFSET,
    Flag,
    Many,
    Record,
    Text,
    Whole,
    not_emulated_parameters,
)
from sandbox.tencent.tasks import UNDO, Started, effect
from sandbox.world import ZONES, Subnet, Vpc

CHARGES = ("TRAFFIC_POSTPAID_BY_HOUR", "BANDWIDTH_POSTPAID_BY_HOUR", "BANDWIDTH_PACKAGE")
INTERNET = Record(
    {
        "InternetChargeType": Text(CHARGES),
        "InternetMaxBandwidthOut": Whole(1, 2048),
        "BandwidthpkgSubType": Text(),
    }
)
NAME = Text(least=1, most=80)
TAGS = Many(Record({"TagKey*": Text(least=1, most=127), "TagValue*": Text(most=255)}), most=20)
IDS = Many(Text(), most=20)
RISKY_TARGETS = 20


@CLB.action(
    "CreateLoadBalancer",
    {
        "LoadBalancerType*": Text(("OPEN", "INTERNAL")),
        "Forward": Whole(1, 1),
        "LoadBalancerName": NAME,
        "VpcId": Text(),
        "SubnetId": Text(),
        "ProjectId": Whole(),
        "AddressIPVersion": Text(("IPV4", "IPV6", "IPv6FullChain")),
        "Number": Whole(1, 20),
        "ZoneId": Text(),
        "MasterZoneId": Text(),
        "InternetAccessible": INTERNET,
        "VipIsp": Text(("BGP", "CMCC", "CTCC", "CUCC")),
        "Tags": TAGS,
        "Vip": Text(),
        "SlaType": Text(),
        "ClientToken": Text(most=64),
        "SnatPro": Flag(),
        "LoadBalancerPassToTarget": Flag(),
        "LBChargeType": Text(("POSTPAID_BY_HOUR",)),
        **not_emulated_parameters(
            "BandwidthPackageId", "ExclusiveCluster", "ClusterIds", "SnatIps", "ClusterTag",
            "SlaveZoneId", "EipAddressId", "DynamicVip", "Egress", "LBChargePrepaid",
            "AccessLogTopicId", "AdvancedRoute", "AvailableZoneAffinityInfo",
        ),
    },
)  # fmt: skip
def create_load_balancer(cloud: Cloud, call: Call) -> Answer | Started:
    token = call.get("ClientToken", "")
    if token and (ids := _created_before(cloud, token)):
        return _created(cloud, call, ids)
    if call.get("AddressIPVersion", "IPV4") != "IPV4":
        refuse("UnsupportedOperation", "The sandbox emulates IPv4 load balancers only.")
    if cloud.networks.in_arrears:
        refuse("FailedOperation.InsufficientBalance", "The account is in arrears.")
    vpc, subnet = _place(cloud, call)
    number = call.get("Number", 1)
    kind = call.params["LoadBalancerType"]
    same = sum(balancer.type == kind for balancer in cloud.balancers.values())
    cloud.quotas.check(OPEN if kind == "OPEN" else INTERNAL, same + number, "Load balancers")
    created = [_new(cloud, call, vpc, subnet) for _ in range(number)]
    ids = [balancer.id for balancer in created]
    if token:
        cloud.store.set(f"token/{token}", ids)
    started = cloud.tasks.start(call, ids, {"token": token})
    return Started(started.task, _created(cloud, call, ids))


def _created(cloud: Cloud, call: Call, ids: list[str]) -> Answer:
    """The ids may be missing; DescribeTaskStatus by RequestId knows them then."""
    missing = cloud.faults.strike("no_ids", call.action, call.params)
    return {"LoadBalancerIds": [] if missing else ids, "DealName": call.id}


def _created_before(cloud: Cloud, token: str) -> list[str]:
    """What this ClientToken created; it is of no use once that is gone."""
    ids: list[str] = cloud.store.setting(f"token/{token}", [])
    if any(id not in cloud.balancers for id in ids):
        code = "InvalidParameter.ClientTokenLimitExceeded"
        refuse(code, f"The ClientToken {token} has expired.")
    return ids


def _place(cloud: Cloud, call: Call) -> tuple[Vpc, Subnet | None]:
    """The VPC, and for a private load balancer the subnet its VIP comes from."""
    all_vpcs = [cluster.vpc for cluster in cloud.world.clusters]
    wanted = call.get("VpcId")
    vpc = next((vpc for vpc in all_vpcs if wanted in (None, vpc.id)), None)
    if vpc is None:
        refuse("InvalidParameterValue", f"The VPC `{wanted}` does not exist.")
    subnet_id = call.get("SubnetId")
    if call.params["LoadBalancerType"] == "OPEN":
        if subnet_id:
            refuse("InvalidParameter", "`SubnetId` is not allowed for a public IPv4 CLB.")
        return vpc, None
    if not subnet_id:
        refuse("MissingParameter", "The request is missing a required parameter `SubnetId`.")
    subnet = next((subnet for subnet in vpc.subnets if subnet.id == subnet_id), None)
    if subnet is None:
        words = f"The subnet `{subnet_id}` does not exist in `{vpc.id}`."
        refuse("InvalidParameterValue", words)
    return vpc, subnet


def _new(cloud: Cloud, call: Call, vpc: Vpc, subnet: Subnet | None) -> LoadBalancer:
    id = fresh_id("lb", cloud.balancers)
    network = subnet.cidr if subnet else cloud.world.net.public_vips
    full = subnet is not None and cloud.conditions.is_full(subnet)
    vip = None if full else call.get("Vip") or cloud.free_vip(network)
    if vip is None:
        refuse("ResourceInsufficient", f"No IP address is left in {subnet.id if subnet else ''}.")
    if vip in cloud.used_vips():
        refuse("ResourceInUse", f"The VIP {vip} is in use.")
    internet = call.get("InternetAccessible", {})
    balancer = LoadBalancer(
        id=id,
        name=call.get("LoadBalancerName", id),
        type=call.params["LoadBalancerType"],
        vip=vip,
        vpc_id=vpc.id,
        subnet_id=subnet.id if subnet else None,
        created=written_now(),
        tags={tag["TagKey"]: tag["TagValue"] for tag in call.get("Tags", [])},
        pass_to_target=call.get("LoadBalancerPassToTarget", False),
        snat_pro=call.get("SnatPro", False),
        charge_type=internet.get("InternetChargeType", CHARGES[0]),
        bandwidth=internet.get("InternetMaxBandwidthOut", 10),
        zone=subnet.zone if subnet else call.get("ZoneId") or ZONES[0],
    )
    cloud.changed(balancer)
    return balancer


@effect("CreateLoadBalancer")
def _runs(cloud: Cloud, task: Task) -> None:
    for id in task.load_balancer_ids:
        balancer = cloud.balancer(id)
        balancer.status = 1
        cloud.changed(balancer)


def _never_ran(cloud: Cloud, task: Task) -> None:
    """A failed creation leaves nothing behind, and its token may be used again."""
    for id in task.load_balancer_ids:
        cloud.removed(cloud.balancer(id))
    cloud.store.drop("setting", f"token/{task.effect['token']}")


UNDO["CreateLoadBalancer"] = _never_ran


@CLB.action(
    "DescribeLoadBalancers",
    {
        "LoadBalancerIds": IDS,
        "LoadBalancerType": Text(("OPEN", "INTERNAL")),
        "Forward": Whole(-1, 1),
        "LoadBalancerName": Text(),
        "LoadBalancerVips": Many(Text(), most=20),
        "Offset": OFFSET,
        "Limit": LIMIT,
        "VpcId": Text(),
        "SearchKey": Text(),
        "OrderBy": Text(),
        "OrderType": Whole(0, 1),
        "Filters": FILTERS,
        "AdditionalFields": Many(Text(("TargetCount",)), most=1),
        **not_emulated_parameters(
            "Domain", "BackendPublicIps", "BackendPrivateIps", "ProjectId", "WithRs",
            "SecurityGroup", "MasterZone",
        ),
    },
)  # fmt: skip
def describe_load_balancers(cloud: Cloud, call: Call) -> Answer:
    found = [balancer for balancer in cloud.balancers.values() if _is_asked_for(balancer, call)]
    found = filtered(found, call.get("Filters", []), _filter_values)
    found.sort(key=lambda balancer: balancer.created, reverse=True)
    counted = bool(call.get("AdditionalFields"))
    return {
        "TotalCount": len(found),
        "LoadBalancerSet": [shown(each, counted=counted) for each in page(found, call)],
    }


def _is_asked_for(balancer: LoadBalancer, call: Call) -> bool:
    """An id that does not exist is simply not found; the real API answers an empty list."""
    ids, vips = call.get("LoadBalancerIds"), call.get("LoadBalancerVips")
    return (
        (not ids or balancer.id in ids)
        and (not vips or balancer.vip in vips)
        and call.get("LoadBalancerType", balancer.type) == balancer.type
        and call.get("VpcId", balancer.vpc_id) == balancer.vpc_id
        and call.get("LoadBalancerName", balancer.name) in balancer.name
        and call.get("SearchKey", "") in f"{balancer.id} {balancer.name} {balancer.vip}"
    )


def _filter_values(balancer: LoadBalancer, name: str) -> list[str] | None:
    if name.startswith("tag:"):
        return [balancer.tags[name[4:]]] if name[4:] in balancer.tags else []
    known = {
        "load-balancer-id": [balancer.id],
        "load-balancer-name": [balancer.name],
        "loadbalancer-type": [balancer.type],
        "vpc-id": [balancer.vpc_id],
        "vip": [balancer.vip],
        "tag-key": list(balancer.tags),
    }
    return known.get(name)


@CLB.action("DeleteLoadBalancer", {"LoadBalancerIds*": IDS, "ForceDelete": Flag()})
def delete_load_balancer(cloud: Cloud, call: Call) -> Started:
    for id in call.params["LoadBalancerIds"]:
        balancer = cloud.balancer(id)
        if balancer.delete_protect:
            refuse("OperationDenied", f"{id} is protected from deletion.")
        if balancer.target_count >= RISKY_TARGETS and not call.get("ForceDelete"):
            words = f"{id} has {balancer.target_count} targets; pass ForceDelete to delete it."
            raise ApiError("FailedOperation.TargetNumCheckRisk", words)
    return cloud.tasks.start(call, call.params["LoadBalancerIds"], {})


@effect("DeleteLoadBalancer")
def _deleted(cloud: Cloud, task: Task) -> None:
    for id in task.load_balancer_ids:
        cloud.removed(cloud.balancer(id))


@CLB.action(
    "ModifyLoadBalancerAttributes",
    {
        "LoadBalancerId*": Text(),
        "LoadBalancerName": NAME,
        "InternetChargeInfo": INTERNET,
        "LoadBalancerPassToTarget": Flag(),
        "SnatPro": Flag(),
        "DeleteProtect": Flag(),
        **not_emulated_parameters(
            "TargetRegionInfo", "SwitchFlag", "ModifyClassicDomain", "AssociateEndpoint"
        ),
    },
)
def modify_load_balancer_attributes(cloud: Cloud, call: Call) -> Started:
    balancer = cloud.balancer(call.params["LoadBalancerId"])
    return cloud.tasks.start(call, [balancer.id], {"changes": call.params})


@effect("ModifyLoadBalancerAttributes")
def _modified(cloud: Cloud, task: Task) -> None:
    balancer, changes = cloud.balancer(task.load_balancer_ids[0]), task.effect["changes"]
    balancer.name = changes.get("LoadBalancerName", balancer.name)
    balancer.pass_to_target = changes.get("LoadBalancerPassToTarget", balancer.pass_to_target)
    balancer.snat_pro = changes.get("SnatPro", balancer.snat_pro)
    balancer.delete_protect = changes.get("DeleteProtect", balancer.delete_protect)
    internet = changes.get("InternetChargeInfo", {})
    balancer.charge_type = internet.get("InternetChargeType", balancer.charge_type)
    balancer.bandwidth = internet.get("InternetMaxBandwidthOut", balancer.bandwidth)
    cloud.changed(balancer)


@CLB.action(
    "SetLoadBalancerSecurityGroups",
    {"LoadBalancerId*": Text(), "SecurityGroups": Many(Text(), most=50)},
)
def set_load_balancer_security_groups(cloud: Cloud, call: Call) -> Started:
    balancer = cloud.balancer(call.params["LoadBalancerId"])
    groups = call.get("SecurityGroups", [])
    if unknown := set(groups) - set(cloud.networks.security.groups):
        refuse("InvalidParameterValue", f"Security groups {sorted(unknown)} do not exist.")
    return cloud.tasks.start(call, [balancer.id], {"groups": groups})


@effect("SetLoadBalancerSecurityGroups")
def _grouped(cloud: Cloud, task: Task) -> None:
    balancer = cloud.balancer(task.load_balancer_ids[0])
    balancer.security_groups = task.effect["groups"]
    cloud.changed(balancer)
