"""Listeners of layer 4: create, describe, change, delete."""

from typing import Any

import msgspec

from sandbox.tencent.answers import listener as shown
from sandbox.tencent.clock import written_now
from sandbox.tencent.cloud import Cloud
from sandbox.tencent.errors import lb_not_found, listener_not_found, not_emulated, refuse
from sandbox.tencent.model import HEALTH_DEFAULTS, Listener, LoadBalancer, Task, fresh_id
from sandbox.tencent.quotas import LISTENERS
from sandbox.tencent.registry import CLB, Answer, Call
from sandbox.tencent.shapes import (
    Flag,
    Many,
    Record,
    Shape,
    Text,
    Whole,
    not_emulated_parameters,
)
from sandbox.tencent.tasks import Started, effect

PORT = Whole(1, 65535)
PROTOCOLS = ("TCP", "UDP", "HTTP", "HTTPS", "TCP_SSL", "QUIC")
PROTOCOL = Text(PROTOCOLS, code="InvalidParameter.ProtocolCheckFailed")
LISTENER_NAME = Text(most=80)
CHECK_TYPES = {"TCP": ("TCP", "HTTP", "CUSTOM"), "UDP": ("PING", "CUSTOM")}
HEALTH_CHECK = Record(
    {
        "HealthSwitch": Whole(0, 1),
        "TimeOut": Whole(2, 60),
        "IntervalTime": Whole(2, 300),
        "HealthNum": Whole(2, 10),
        "UnHealthNum": Whole(2, 10),
        "HttpCode": Whole(1, 31),
        "HttpCheckPath": Text(most=200),
        "HttpCheckDomain": Text(most=120),
        "HttpCheckMethod": Text(("HEAD", "GET")),
        "CheckPort": Whole(1, 65535, also=(-1,)),
        "ContextType": Text(("HEX", "TEXT")),
        "SendContext": Text(most=500),
        "RecvContext": Text(most=500),
        "CheckType": Text(("TCP", "HTTP", "HTTPS", "GRPC", "PING", "CUSTOM")),
        "HttpVersion": Text(("HTTP/1.0", "HTTP/1.1")),
        "SourceIpType": Whole(0, 1),
        "ExtendedCode": Text(),
    }
)
ATTRIBUTES: dict[str, Shape] = {
    "HealthCheck": HEALTH_CHECK,
    "SessionExpireTime": Whole(30, 3600, also=(0,)),
    "TargetType": Text(("NODE",)),
    "SessionType": Text(("NORMAL",)),
    "DeregisterTargetRst": Flag(),
    "IdleConnectTimeout": Whole(10, 1980),
    "RescheduleTargetZeroWeight": Flag(),
    "RescheduleUnhealthy": Flag(),
    "RescheduleExpandTarget": Flag(),
    "RescheduleStartTime": Whole(0, 3600),
    "RescheduleInterval": Whole(0, 3600),
    "MaxConn": Whole(also=(-1,)),
    "MaxCps": Whole(also=(-1,)),
    **not_emulated_parameters(
        "Certificate", "MultiCertInfo", "SniSwitch", "KeepaliveEnable", "ProxyProtocol",
        "SnatEnable", "DataCompressMode",
    ),
}  # fmt: skip


@CLB.action(
    "CreateListener",
    {
        "LoadBalancerId*": Text(),
        "Ports*": Many(PORT, most=50, least=1),
        "Protocol*": PROTOCOL,
        "ListenerNames": Many(LISTENER_NAME, most=50),
        "Scheduler": Text(("WRR", "LEAST_CONN")),
        **ATTRIBUTES,
        **not_emulated_parameters("EndPort", "FullEndPorts", "H2cSwitch", "SslCloseSwitch"),
    },
)
def create_listener(cloud: Cloud, call: Call) -> Started:
    balancer = cloud.balancer(call.params["LoadBalancerId"])
    ports, protocol = call.params["Ports"], call.params["Protocol"]
    if protocol not in CHECK_TYPES:
        raise not_emulated(f"{protocol} listeners")
    check = health_check(call.get("HealthCheck", {}), protocol)
    names = call.get("ListenerNames", [])
    if names and len(names) != len(ports):
        refuse("InvalidParameterValue.Length", "`ListenerNames` and `Ports` differ in length.")
    cloud.tasks.assert_free(balancer.id)
    _refuse_taken(balancer, ports, protocol)
    wanted = len(balancer.listeners) + len(ports)
    cloud.quotas.check(LISTENERS, wanted, f"Listeners of {balancer.id}")
    fresh = [
        Listener(
            id=fresh_id("lbl", balancer.listeners),
            protocol=protocol,
            port=port,
            name=names[index] if names else "",
            created=written_now(),
            health_check=check,
        )
        for index, port in enumerate(ports)
    ]
    for listener in fresh:
        change(listener, call.params)
    answer = {"ListenerIds": [listener.id for listener in fresh]}
    return cloud.tasks.start(call, [balancer.id], {"listeners": msgspec.to_builtins(fresh)}, answer)


def _refuse_taken(balancer: LoadBalancer, ports: list[int], protocol: str) -> None:
    """TCP and UDP may share a port; the same protocol may not."""
    taken = {each.port for each in balancer.listeners.values() if each.protocol == protocol}
    for index, port in enumerate(ports):
        if port in taken or port in ports[:index]:
            words = f"The port {protocol}:{port} of {balancer.id} is used by another listener."
            refuse("InvalidParameter.PortCheckFailed", words)


def health_check(given: dict[str, Any], protocol: str) -> dict[str, Any]:
    """The whole health check; what the caller left out has its default."""
    default = {"CheckType": CHECK_TYPES[protocol][0]}
    given = {field: value for field, value in given.items() if value is not None}
    check = {**HEALTH_DEFAULTS, **default, **given}
    kind = check["CheckType"]
    if kind not in CHECK_TYPES[protocol]:
        words = f"CheckType {kind} does not go with a {protocol} listener."
        refuse("InvalidParameterValue", words)
    if check["TimeOut"] >= check["IntervalTime"]:
        refuse("InvalidParameterValue", "`TimeOut` must be less than `IntervalTime`.")
    if kind == "HTTP" and not (check["HttpCheckDomain"] and check["HttpVersion"]):
        words = "HttpCheckDomain and HttpVersion are required for HTTP checks of TCP listeners."
        refuse("MissingParameter", words)
    if kind == "CUSTOM" and not (check["ContextType"] and check["SendContext"]):
        refuse("MissingParameter", "CUSTOM checks need `ContextType` and `SendContext`.")
    return check


def change(listener: Listener, changes: dict[str, Any]) -> None:
    """Set what is given; what is omitted stays as it is."""
    given = {name: value for name, value in changes.items() if value is not None}
    listener.name = given.get("ListenerName", listener.name)
    listener.scheduler = given.get("Scheduler", listener.scheduler)
    listener.session_expire = given.get("SessionExpireTime", listener.session_expire)
    listener.deregister_rst = given.get("DeregisterTargetRst", listener.deregister_rst)
    listener.idle_timeout = given.get("IdleConnectTimeout", listener.idle_timeout)
    reschedule = {name: given[name] for name in given if name.startswith("Reschedule")}
    listener.reschedule = {**listener.reschedule, **reschedule}


@effect("CreateListener")
def _created(cloud: Cloud, task: Task) -> None:
    balancer = cloud.balancer(task.load_balancer_ids[0])
    for document in task.effect["listeners"]:
        listener = msgspec.convert(document, Listener)
        balancer.listeners[listener.id] = listener
    cloud.changed(balancer)


@CLB.action(
    "ModifyListener",
    {
        "LoadBalancerId*": Text(),
        "ListenerId*": Text(),
        "ListenerName": LISTENER_NAME,
        "Scheduler": Text(("WRR", "LEAST_CONN", "IP_HASH")),
        **ATTRIBUTES,
    },
)
def modify_listener(cloud: Cloud, call: Call) -> Started:
    balancer = cloud.balancer(call.params["LoadBalancerId"])
    listener = cloud.listener(balancer, call.params["ListenerId"])
    changes = dict(call.params)
    if given := call.get("HealthCheck"):
        kept = {**listener.health_check, **given}
        changes["HealthCheck"] = health_check(kept, listener.protocol)
    return cloud.tasks.start(call, [balancer.id], {"listener": listener.id, "changes": changes})


@effect("ModifyListener")
def _modified(cloud: Cloud, task: Task) -> None:
    balancer = cloud.balancer(task.load_balancer_ids[0])
    listener = cloud.listener(balancer, task.effect["listener"])
    changes = task.effect["changes"]
    listener.health_check = changes.get("HealthCheck") or listener.health_check
    change(listener, changes)
    cloud.changed(balancer)


@CLB.action(
    "DescribeListeners",
    {
        "LoadBalancerId*": Text(),
        "ListenerIds": Many(Text(), most=100),
        "Protocol": PROTOCOL,
        "Port": PORT,
    },
)
def describe_listeners(cloud: Cloud, call: Call) -> Answer:
    found = asked_for(cloud.balancer(call.params["LoadBalancerId"]), call)
    return {"Listeners": [shown(listener) for listener in found], "TotalCount": len(found)}


def asked_for(balancer: LoadBalancer, call: Call) -> list[Listener]:
    """The listeners a Describe call names by id, protocol or port; all if it names none."""
    ids = call.get("ListenerIds", [])
    if missing := [id for id in ids if id not in balancer.listeners]:
        raise listener_not_found(missing)
    return [
        listener
        for listener in balancer.listeners.values()
        if (not ids or listener.id in ids)
        and call.get("Protocol", listener.protocol) == listener.protocol
        and call.get("Port", listener.port) == listener.port
    ]


@CLB.action("DeleteListener", {"LoadBalancerId*": Text(), "ListenerId*": Text()})
def delete_listener(cloud: Cloud, call: Call) -> Started:
    balancer = cloud.balancer(call.params["LoadBalancerId"])
    listener = cloud.listener(balancer, call.params["ListenerId"])
    return cloud.tasks.start(call, [balancer.id], {"ids": [listener.id]})


@CLB.action(
    "DeleteLoadBalancerListeners",
    {"LoadBalancerId*": Text(), "ListenerIds": Many(Text(), most=20)},
)
def delete_load_balancer_listeners(cloud: Cloud, call: Call) -> Started:
    """Without ListenerIds it deletes all of them."""
    balancer = cloud.balancer(call.params["LoadBalancerId"])
    ids = call.get("ListenerIds") or list(balancer.listeners)
    if missing := [id for id in ids if id not in balancer.listeners]:
        raise listener_not_found(missing)
    return cloud.tasks.start(call, [balancer.id], {"ids": ids})


def remove_listeners(cloud: Cloud, id: str, listener_ids: list[str]) -> None:
    balancer = cloud.balancers.get(id)
    if balancer is None:
        raise lb_not_found(id)
    for listener_id in listener_ids:
        balancer.listeners.pop(listener_id, None)
    cloud.changed(balancer)


@effect("DeleteListener")
@effect("DeleteLoadBalancerListeners")
def _deleted(cloud: Cloud, task: Task) -> None:
    remove_listeners(cloud, task.load_balancer_ids[0], task.effect["ids"])
