"""Targets (RS) of listeners: register, deregister, weigh; one by one, by 20 and by 500."""

from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address
from typing import Any

import msgspec

from sandbox.tencent.clock import written_now
from sandbox.tencent.cloud import Cloud
from sandbox.tencent.errors import ApiError, listener_not_found, not_emulated, refuse
from sandbox.tencent.listeners import PORT
from sandbox.tencent.model import Listener, LoadBalancer, Target, Task
from sandbox.tencent.quotas import TARGETS
from sandbox.tencent.registry import CLB, Answer, Call
from sandbox.tencent.shapes import Many, NotEmulated, Record, Shape, Text, Whole
from sandbox.tencent.tasks import Started, effect

WEIGHT = Whole(0, 100)
DEFAULT_WEIGHT = 10
L7: dict[str, Shape] = {name: NotEmulated() for name in ("LocationId", "Domain", "Url")}
TARGET: dict[str, Shape] = {
    "Port*": PORT,
    "EniIp": Text(),
    "InstanceId": Text(),
    "Type": Text(),
    "Weight": WEIGHT,
    "Tag": Text(most=64),
}
BATCH_TARGET = Record({"ListenerId*": Text(), "LocationId": NotEmulated(), **TARGET})
FEW = Many(Record(TARGET), most=20, least=1)
MANY = Many(BATCH_TARGET, most=500, least=1)
RULE = Record(
    {
        "ListenerId*": Text(),
        "Targets*": Many(Record(TARGET), most=50, least=1),
        "Weight": WEIGHT,
        **L7,
    }
)
ONE_LISTENER: dict[str, Shape] = {"LoadBalancerId*": Text(), "ListenerId*": Text(), **L7}


class Change(msgspec.Struct):
    """One target of one listener, as a call wants it."""

    listener: str
    ip: str
    port: int
    weight: int = DEFAULT_WEIGHT
    tag: str | None = None

    @property
    def key(self) -> str:
        return f"{self.ip}:{self.port}"


Changes = dict[str, list[Change]]


def _changes(
    balancer: LoadBalancer, targets: list[dict[str, Any]], listener_id: str = ""
) -> Changes:
    """What a call asks for, by listener; refuses listeners that do not exist."""
    by_listener: Changes = {}
    for target in targets:
        id = listener_id or target["ListenerId"]
        weight = target.get("Weight")
        change = Change(
            listener=id,
            ip=_address(target),
            port=target["Port"],
            weight=DEFAULT_WEIGHT if weight is None else weight,
            tag=target.get("Tag"),
        )
        by_listener.setdefault(id, []).append(change)
    if missing := [id for id in by_listener if id not in balancer.listeners]:
        raise listener_not_found(missing)
    return by_listener


def _address(target: dict[str, Any]) -> str:
    """Exactly one of InstanceId and EniIp is to be given; the sandbox has addresses only."""
    if target.get("InstanceId"):
        raise not_emulated("targets given by `InstanceId`")
    ip = target.get("EniIp")
    if not ip:
        refuse("MissingParameter", "Exactly one of `InstanceId` and `EniIp` is required.")
    try:
        return str(IPv4Address(ip))
    except AddressValueError:
        raise ApiError("InvalidParameter.FormatError", f"`{ip}` is not an IPv4 address.") from None


def _each(task: Task) -> Iterator[tuple[str, list[Change]]]:
    changes = msgspec.convert(task.effect["changes"], Changes)
    return iter(changes.items())


def _as_effect(changes: Changes) -> dict[str, Any]:
    return {
        "changes": msgspec.to_builtins(changes),
        "targets": [change.key for group in changes.values() for change in group],
    }


def refusal(cloud: Cloud, balancer: LoadBalancer, listener: Listener, group: list[Change]) -> str:
    """Why CLB would not bind these targets to this listener; empty if it would."""
    if len({change.key for change in group}) < len(group):
        return f"a target of {listener.id} is already named in this call"
    for change in group:
        if change.key in listener.targets:
            return f"{change.key} is already bound to {listener.id}"
        # Layer 4 tells connections apart by VIP, protocol and RS, not by the listener's port.
        if other := balancer.other_listener_with(listener, change.key):
            return (
                f"{change.key} is already bound to {other.id} of the same CLB with the same"
                f" protocol {listener.protocol}"
            )
        # Where nothing is probed the Pods may be a real cluster's, at addresses of their own.
        if cloud.checks.probe and (why := cloud.networks.refusal(balancer.vpc_id, change.ip)):
            return why
    return ""


def _check_quota(cloud: Cloud, balancer: LoadBalancer, changes: Changes) -> None:
    for id, group in changes.items():
        new = {change.key for change in group} - set(balancer.listeners[id].targets)
        wanted = len(balancer.listeners[id].targets) + len(new)
        cloud.quotas.check(TARGETS, wanted, f"Targets of {id}")


def bind(balancer: LoadBalancer, group: list[Change]) -> None:
    """A newly bound target is Unknown until the health check has looked often enough."""
    for change in group:
        target = Target(change.ip, change.port, change.weight, written_now(), change.tag)
        balancer.listeners[change.listener].targets[target.key] = target


def unbind(balancer: LoadBalancer, group: list[Change]) -> None:
    for change in group:
        balancer.listeners[change.listener].targets.pop(change.key, None)


@CLB.action("RegisterTargets", {**ONE_LISTENER, "Targets*": FEW})
def register_targets(cloud: Cloud, call: Call) -> Started:
    balancer = cloud.balancer(call.params["LoadBalancerId"])
    listener = cloud.listener(balancer, call.params["ListenerId"])
    changes = _changes(balancer, call.params["Targets"], listener.id)
    cloud.tasks.assert_free(balancer.id)
    _check_quota(cloud, balancer, changes)
    if why := refusal(cloud, balancer, listener, changes[listener.id]):
        refuse("InvalidParameterValue.Duplicate" if "already" in why else "InvalidParameter", why)
    return cloud.tasks.start(call, [balancer.id], _as_effect(changes))


@CLB.action("DeregisterTargets", {**ONE_LISTENER, "Targets*": FEW})
def deregister_targets(cloud: Cloud, call: Call) -> Started:
    balancer = cloud.balancer(call.params["LoadBalancerId"])
    listener = cloud.listener(balancer, call.params["ListenerId"])
    changes = _changes(balancer, call.params["Targets"], listener.id)
    if why := _not_bound(listener, changes[listener.id]):
        refuse("InvalidParameter", why)
    return cloud.tasks.start(call, [balancer.id], _as_effect(changes))


def _not_bound(listener: Listener, group: list[Change]) -> str:
    missing = [change.key for change in group if change.key not in listener.targets]
    return f"{', '.join(missing)} is not bound to {listener.id}" if missing else ""


@CLB.action("BatchRegisterTargets", {"LoadBalancerId*": Text(), "Targets*": MANY})
def batch_register_targets(cloud: Cloud, call: Call) -> Started:
    balancer = cloud.balancer(call.params["LoadBalancerId"])
    changes = _changes(balancer, call.params["Targets"])
    cloud.tasks.assert_free(balancer.id)
    _check_quota(cloud, balancer, changes)
    return cloud.tasks.start_and_wait(call, balancer.id, _as_effect(changes))


@CLB.action("BatchDeregisterTargets", {"LoadBalancerId*": Text(), "Targets*": MANY})
def batch_deregister_targets(cloud: Cloud, call: Call) -> Started:
    balancer = cloud.balancer(call.params["LoadBalancerId"])
    changes = _changes(balancer, call.params["Targets"])
    return cloud.tasks.start_and_wait(call, balancer.id, _as_effect(changes))


@effect("RegisterTargets")
@effect("BatchRegisterTargets")
def _registered(cloud: Cloud, task: Task) -> Answer:
    return _perform(cloud, task, binding=True)


@effect("DeregisterTargets")
@effect("BatchDeregisterTargets")
def _deregistered(cloud: Cloud, task: Task) -> Answer:
    return _perform(cloud, task, binding=False)


def _perform(cloud: Cloud, task: Task, *, binding: bool) -> Answer:
    """Listener by listener: all of its targets or none, the failed ones are named."""
    balancer = cloud.balancer(task.load_balancer_ids[0])
    asked = {"LoadBalancerId": balancer.id}
    if cloud.faults.strike("silent", task.action, asked):
        return {"FailListenerIdSet": [], "Message": ""}
    partial = cloud.faults.strike("partial", task.action, asked)
    spoilt = partial.options.get("listeners", 1) if partial else 0
    failed: dict[str, str] = {}
    for id, group in _each(task):
        if len(failed) < spoilt:
            failed[id] = "internal error of the listener"
        elif why := _performed(cloud, balancer, group, binding=binding):
            failed[id] = why
    cloud.changed(balancer)
    message = "; ".join(f"{id}: {why}" for id, why in failed.items())
    return {"FailListenerIdSet": list(failed), "Message": message}


def _performed(cloud: Cloud, balancer: LoadBalancer, group: list[Change], *, binding: bool) -> str:
    """Why it could not be done; empty when it was."""
    listener = balancer.listeners.get(group[0].listener)
    if listener is None:
        return "listener not found"
    why = refusal(cloud, balancer, listener, group) if binding else _not_bound(listener, group)
    if not why:
        (bind if binding else unbind)(balancer, group)
    return why


@CLB.action("ModifyTargetWeight", {**ONE_LISTENER, "Targets*": FEW, "Weight": WEIGHT})
def modify_target_weight(cloud: Cloud, call: Call) -> Started:
    rule = {"ListenerId": call.params["ListenerId"], "Targets": call.params["Targets"]}
    return _weigh(cloud, call, [{**rule, "Weight": call.get("Weight")}])


@CLB.action(
    "BatchModifyTargetWeight", {"LoadBalancerId*": Text(), "ModifyList*": Many(RULE, least=1)}
)
def batch_modify_target_weight(cloud: Cloud, call: Call) -> Started:
    """At most 100 rules of 50 targets, and 500 targets in all."""
    rules = call.params["ModifyList"]
    if sum(len(rule["Targets"]) for rule in rules) > 500:
        refuse("InvalidParameterValue.Length", "A call changes 500 weights at most.")
    return _weigh(cloud, call, rules)


def _weigh(cloud: Cloud, call: Call, rules: list[dict[str, Any]]) -> Started:
    """A target's own weight wins over its rule's."""
    balancer = cloud.balancer(call.params["LoadBalancerId"])
    changes: Changes = {}
    for rule in rules:
        default = rule.get("Weight")
        targets = [{"Weight": default, **target} for target in rule["Targets"]]
        for id, group in _changes(balancer, targets, rule["ListenerId"]).items():
            changes.setdefault(id, []).extend(group)
    for id, group in changes.items():
        if why := _not_bound(balancer.listeners[id], group):
            refuse("InvalidParameter", why)
    return cloud.tasks.start(call, [balancer.id], _as_effect(changes))


@effect("ModifyTargetWeight")
@effect("BatchModifyTargetWeight")
def _weighed(cloud: Cloud, task: Task) -> None:
    balancer = cloud.balancer(task.load_balancer_ids[0])
    for id, group in _each(task):
        for change in group:
            if target := cloud.listener(balancer, id).targets.get(change.key):
                target.weight = change.weight
    cloud.changed(balancer)
