"""The shapes CLB answers with: every field the real API has, null where it would have nothing."""

import zlib
from typing import Any

from sandbox.tencent.model import HEALTH_DEFAULTS, Listener, LoadBalancer, Target
from sandbox.world import REGION, ZONES

Document = dict[str, Any]

# Fields of LoadBalancer that carry nothing here, in the order of the API's documentation.
BALANCER_NULLS = (
    "AnycastZone",
    "IsolatedTime",
    "ExpireTime",
    "PrepaidAttributes",
    "LogSetId",
    "LogTopicId",
    "AddressIPv6",
    "ExclusiveCluster",
    "IPv6Mode",
    "IsBlockTime",
    "ClusterTag",
    "HealthLogSetId",
    "HealthLogTopicId",
    "Egress",
    "AssociateEndpoint",
    "AvailableZoneAffinityInfo",
    "TargetCount",
    "NfvInfo",
)
BALANCER_CONSTANTS: Document = {
    "Forward": 1,
    "Domain": "",
    "LoadBalancerDomain": "",
    "ProjectId": 0,
    "OpenBgp": 0,
    "Snat": False,
    "Log": "",
    "AddressIPVersion": "ipv4",
    "ChargeType": "POSTPAID_BY_HOUR",
    "ExtraInfo": {"ZhiTong": False, "TgwGroupName": ""},
    "IsDDos": False,
    "ConfigId": "",
    "SnatIps": [],
    "SlaType": "",
    "LocalBgp": False,
    "MixIpTarget": False,
    "BackupZoneSet": None,
    "ClusterIds": [],
    "Exclusive": 0,
}
ZONE_IDS = {zone: 100000 + int(zone.rsplit("-", 1)[1]) for zone in ZONES}


def load_balancer(balancer: LoadBalancer, *, counted: bool = False) -> Document:
    is_open = balancer.type == "OPEN"
    return {
        **dict.fromkeys(BALANCER_NULLS),
        **BALANCER_CONSTANTS,
        "LoadBalancerId": balancer.id,
        "LoadBalancerName": balancer.name,
        "LoadBalancerType": balancer.type,
        # A load balancer being created has no address yet.
        "LoadBalancerVips": [balancer.vip] if balancer.status else [],
        "Status": balancer.status,
        "CreateTime": balancer.created,
        "StatusTime": balancer.created,
        "VpcId": balancer.vpc_id,
        "NumericalVpcId": numerical(balancer.vpc_id),
        "SubnetId": balancer.subnet_id or "",
        "Tags": [{"TagKey": key, "TagValue": value} for key, value in balancer.tags.items()],
        "SecureGroups": balancer.security_groups,
        "TargetRegionInfo": {
            "Region": REGION,
            "VpcId": balancer.vpc_id,
            "NumericalVpcId": numerical(balancer.vpc_id),
        },
        "VipIsp": "BGP" if is_open else "INTERNAL",
        "MasterZone": _zone(balancer.zone),
        "Zones": None if is_open else [balancer.zone],
        "NetworkAttributes": {
            "InternetChargeType": balancer.charge_type,
            "InternetMaxBandwidthOut": balancer.bandwidth,
            "BandwidthpkgSubType": None,
        }
        if is_open
        else None,
        "Isolation": int(balancer.isolated),
        "IsBlock": balancer.banned,
        "LoadBalancerPassToTarget": balancer.pass_to_target,
        "SnatPro": balancer.snat_pro,
        "AttributeFlags": ["DeleteProtect"] if balancer.delete_protect else [],
        **({"TargetCount": balancer.target_count} if counted else {}),
    }


def numerical(id: str) -> int:
    """Some answers name a VPC by number; any number that stays the same will do."""
    return zlib.crc32(id.encode()) % 10_000_000


def _zone(zone: str) -> Document:
    return {
        "ZoneId": ZONE_IDS.get(zone, 0),
        "Zone": zone,
        "ZoneName": zone,
        "ZoneRegion": REGION,
        "LocalZone": False,
        "EdgeZone": False,
    }


LISTENER_CONSTANTS: Document = {
    "Certificate": None,
    "SniSwitch": 0,
    "Rules": None,
    "EndPort": 0,
    "TargetType": "NODE",
    "TargetGroup": None,
    "TargetGroupList": None,
    "SessionType": "NORMAL",
    "KeepaliveEnable": 0,
    "Toa": False,
    "MaxConn": -1,
    "MaxCps": -1,
    "DataCompressMode": "transparent",
}


def listener(shown: Listener) -> Document:
    switches = ("RescheduleTargetZeroWeight", "RescheduleUnhealthy", "RescheduleExpandTarget")
    return {
        **LISTENER_CONSTANTS,
        "ListenerId": shown.id,
        "ListenerName": shown.name,
        "Protocol": shown.protocol,
        "Port": shown.port,
        "HealthCheck": {**HEALTH_DEFAULTS, **shown.health_check},
        "Scheduler": shown.scheduler,
        "SessionExpireTime": shown.session_expire,
        "CreateTime": shown.created,
        "DeregisterTargetRst": shown.deregister_rst,
        "AttrFlags": [switch for switch in switches if shown.reschedule.get(switch)],
        "IdleConnectTimeout": shown.idle_timeout,
        "RescheduleStartTime": shown.reschedule.get("RescheduleStartTime", 0),
        "RescheduleInterval": shown.reschedule.get("RescheduleInterval", 0),
    }


def listener_targets(shown: Listener, targets: list[Target]) -> Document:
    return {
        "ListenerId": shown.id,
        "Protocol": shown.protocol,
        "Port": shown.port,
        "EndPort": 0,
        "Rules": None,
        "Targets": [backend(target) for target in targets],
    }


def backend(target: Target) -> Document:
    return {
        "Type": "ENI",
        "InstanceId": None,
        "Port": target.port,
        "Weight": target.weight,
        "PublicIpAddresses": None,
        "PrivateIpAddresses": [target.ip],
        "InstanceName": None,
        "RegisteredTime": target.registered,
        "EniId": None,
        "Tag": target.tag,
        "Zone": ZONES[0],
    }


def listener_health(shown: Listener, targets: list[Document]) -> Document:
    """One Rules element for layer 4 too, without domain, path or location."""
    rule = {"LocationId": None, "Domain": None, "Url": None, "RuleId": None, "Targets": targets}
    return {
        "ListenerId": shown.id,
        "ListenerName": shown.name,
        "Protocol": shown.protocol,
        "Port": shown.port,
        "Rules": [rule],
    }


def target_health(target: Target, detail: str) -> Document:
    return {
        "IP": target.ip,
        "Port": target.port,
        # False also while nothing is known yet.
        "HealthStatus": detail in ("Alive", "Close"),
        "TargetId": target.ip,
        "HealthStatusDetail": detail,
        "HealthStatusDetial": detail,
        "TargetGroupId": None,
        "Weight": target.weight,
    }
