"""Reading targets: what is bound where, and what the health check says of it."""

from typing import Any

from sandbox.faults import Fault
from sandbox.tencent import answers
from sandbox.tencent.cloud import Cloud
from sandbox.tencent.errors import listener_not_found
from sandbox.tencent.filters import filtered
from sandbox.tencent.listeners import PORT, PROTOCOL, asked_for
from sandbox.tencent.model import UNKNOWN, Listener, LoadBalancer, Target
from sandbox.tencent.registry import CLB, Answer, Call
from sandbox.tencent.shapes import FILTERS, Many, NotEmulated, Record, Text
from sandbox.world import REGION

Document = dict[str, Any]


@CLB.action(
    "DescribeTargets",
    {
        "LoadBalancerId*": Text(),
        "ListenerIds": Many(Text(), most=20),
        "Protocol": PROTOCOL,
        "Port": PORT,
        "Filters": FILTERS,
    },
)
def describe_targets(cloud: Cloud, call: Call) -> Answer:
    found = asked_for(cloud.balancer(call.params["LoadBalancerId"]), call)
    filters = call.get("Filters", [])
    return {
        "Listeners": [
            answers.listener_targets(
                listener, filtered(list(listener.targets.values()), filters, _filter_values)
            )
            for listener in found
        ]
    }


def _filter_values(target: Target, name: str) -> list[str] | None:
    known = {
        "private-ip-address": [target.ip],
        "tag": [target.tag] if target.tag else [],
        "location-id": [],
    }
    return known.get(name)


@CLB.action(
    "DescribeTargetHealth",
    {
        "LoadBalancerIds*": Many(Text(), most=30, least=1),
        "ListenerIds": Many(Text()),
        "LocationIds": NotEmulated(),
    },
)
def describe_target_health(cloud: Cloud, call: Call) -> Answer:
    balancers = [cloud.balancer(id) for id in call.params["LoadBalancerIds"]]
    wanted = set(call.get("ListenerIds", []))
    if missing := wanted - {id for balancer in balancers for id in balancer.listeners}:
        raise listener_not_found(sorted(missing))
    stale = cloud.faults.strike("stale_health", call.action, call.params)
    missing_health = cloud.faults.strike("missing_health", call.action, call.params)
    return {
        "LoadBalancers": [
            {
                "LoadBalancerId": balancer.id,
                "LoadBalancerName": balancer.name,
                "Listeners": [
                    answers.listener_health(
                        listener, _health(cloud, listener, stale=stale, missing=missing_health)
                    )
                    for listener in balancer.listeners.values()
                    if not wanted or listener.id in wanted
                ],
            }
            for balancer in balancers
        ]
    }


def _health(
    cloud: Cloud, listener: Listener, *, stale: Fault | None, missing: Fault | None
) -> list[Document]:
    """Faults: old verdicts for as long as it is on, or targets that are not mentioned at all."""
    absent = _absent(listener, missing)
    seen = [target for target in listener.targets.values() if target.ip not in absent]
    last = cloud.last_health.setdefault(listener.id, {})
    if not stale:
        last.clear()
        last.update({target.key: listener.health_of(target) for target in seen})
    return [answers.target_health(target, last.get(target.key, UNKNOWN)) for target in seen]


def _absent(listener: Listener, missing: Fault | None) -> set[str]:
    if missing is None:
        return set()
    return set(missing.options.get("ips") or (each.ip for each in listener.targets.values()))


@CLB.action(
    "DescribeLBListeners",
    {"Backends*": Many(Record({"VpcId*": Text(), "PrivateIp*": Text()}), most=50, least=1)},
)
def describe_lb_listeners(cloud: Cloud, call: Call) -> Answer:
    """From a backend's address to the listeners it is bound to."""
    asked = {(backend["VpcId"], backend["PrivateIp"]) for backend in call.params["Backends"]}
    found = []
    for balancer in cloud.balancers.values():
        ips = {ip for vpc_id, ip in asked if vpc_id == balancer.vpc_id}
        if listeners := [
            shown
            for listener in balancer.listeners.values()
            if (shown := _bound_listener(balancer, listener, ips))
        ]:
            found.append(
                {
                    "LoadBalancerId": balancer.id,
                    "Vip": balancer.vip,
                    "Listeners": listeners,
                    "Region": REGION,
                }
            )
    return {"LoadBalancers": found}


def _bound_listener(balancer: LoadBalancer, listener: Listener, ips: set[str]) -> Document | None:
    targets = [target for target in listener.targets.values() if target.ip in ips]
    if not targets:
        return None
    return {
        "ListenerId": listener.id,
        "Protocol": listener.protocol,
        "Port": listener.port,
        "EndPort": 0,
        "Rules": None,
        "Targets": [
            {
                "Type": "ENI",
                "PrivateIp": target.ip,
                "Port": target.port,
                "VpcId": answers.numerical(balancer.vpc_id),
                "Weight": target.weight,
            }
            for target in targets
        ],
    }
