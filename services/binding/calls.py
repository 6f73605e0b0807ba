"""Steps as bodies of CLB API calls, batched to what each call takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import batched, groupby
from typing import Any

from console.models import Account
from console.tencent import Priority
from services.binding.plan import (
    Batch,
    CreateListener,
    CreateLoadBalancer,
    DeleteListener,
    Deregister,
    ModifyListener,
    Register,
    SetWeight,
)
from services.binding.state import Key
from services.spec import CheckType, HealthCheck

LISTENER_PREFIX = "podgate-"
CLUSTER_TAG = "podgate-cluster"
SERVICE_TAG = "podgate-service-uid"
TARGETS_PER_WEIGHT_RULE = 50

type Request = tuple[dict[str, Any], Priority]


@dataclass(frozen=True)
class Place:
    """Whose load balancer it is: what a new one is made with and an existing one is known by."""

    account: Account
    cluster_id: str
    service_uid: str
    name: str
    vpc_id: str
    token: str = ""
    lb_id: str = ""
    ids: Mapping[Key, str] = field(default_factory=dict)


def request(place: Place, batch: Batch) -> Request:
    """The call's parameters, and how urgent it is."""
    return _REQUESTS[batch.action](place, batch)


def _create_load_balancer(place: Place, batch: Batch) -> Request:
    (step,) = batch.steps
    assert isinstance(step, CreateLoadBalancer)
    body: dict[str, Any] = {
        "LoadBalancerType": step.load_balancer.type,
        "LoadBalancerName": place.name[:80],
        "Forward": 1,
        "VpcId": place.vpc_id,
        "ClientToken": place.token,
        "Tags": [
            {"TagKey": CLUSTER_TAG, "TagValue": place.cluster_id},
            {"TagKey": SERVICE_TAG, "TagValue": place.service_uid},
        ],
    }
    if step.load_balancer.subnet_id:
        body["SubnetId"] = step.load_balancer.subnet_id
    return body, Priority.REGISTER


def _create_listener(place: Place, batch: Batch) -> Request:
    steps = [step for step in batch.steps if isinstance(step, CreateListener)]
    return {
        "LoadBalancerId": place.lb_id,
        "Protocol": steps[0].key.protocol,
        "Ports": [step.key.port for step in steps],
        "ListenerNames": [
            f"{LISTENER_PREFIX}{step.key.protocol.lower()}-{step.key.port}" for step in steps
        ],
        "HealthCheck": _check_request(steps[0].check),
        **({"SessionExpireTime": steps[0].session} if steps[0].session else {}),
    }, Priority.REGISTER


def _modify_listener(place: Place, batch: Batch) -> Request:
    (step,) = batch.steps
    assert isinstance(step, ModifyListener)
    return {
        "LoadBalancerId": place.lb_id,
        "ListenerId": place.ids[step.key],
        "HealthCheck": _check_request(step.check),
        "SessionExpireTime": step.session,
    }, Priority.REGISTER


def _register(place: Place, batch: Batch) -> Request:
    targets = [
        _target(place, step) | {"Weight": step.weight}
        for step in batch.steps
        if isinstance(step, Register)
    ]
    return {"LoadBalancerId": place.lb_id, "Targets": targets}, Priority.REGISTER


def _deregister(place: Place, batch: Batch) -> Request:
    targets = [_target(place, step) for step in batch.steps if isinstance(step, Deregister)]
    return {"LoadBalancerId": place.lb_id, "Targets": targets}, Priority.WEIGHT_ZERO


def _target(place: Place, step: Register | Deregister) -> dict[str, Any]:
    return {
        "ListenerId": place.ids[step.key],
        "EniIp": step.target.ip,
        "Port": step.target.port,
    }


def _set_weight(place: Place, batch: Batch) -> Request:
    steps = [step for step in batch.steps if isinstance(step, SetWeight)]
    rules = [
        {
            "ListenerId": place.ids[key],
            "Targets": [
                {"EniIp": step.target.ip, "Port": step.target.port, "Weight": step.weight}
                for step in some
            ],
        }
        for key, of_one in groupby(sorted(steps, key=lambda s: s.key), lambda s: s.key)
        for some in batched(of_one, TARGETS_PER_WEIGHT_RULE)
    ]
    return {"LoadBalancerId": place.lb_id, "ModifyList": rules}, Priority.WEIGHT_ZERO


def _delete_listener(place: Place, batch: Batch) -> Request:
    steps = [step for step in batch.steps if isinstance(step, DeleteListener)]
    # Never empty: without ids the CLB deletes them all.
    ids = [place.ids[step.key] for step in steps]
    return {"LoadBalancerId": place.lb_id, "ListenerIds": ids}, Priority.REGISTER


def _delete_load_balancer(place: Place, batch: Batch) -> Request:
    return {"LoadBalancerIds": [place.lb_id]}, Priority.REGISTER


def _check_request(check: HealthCheck) -> dict[str, Any]:
    if not check.enabled:
        return {"HealthSwitch": 0}
    asked = {
        "HealthSwitch": 1,
        "CheckType": check.type.value,
        "IntervalTime": check.interval,
        "TimeOut": check.timeout,
        "HealthNum": check.healthy,
        "UnHealthNum": check.unhealthy,
        # Probes come from 100.64.0.0/10, a range security groups can name.
        "SourceIpType": 1,
    }
    if check.type is CheckType.HTTP:
        asked |= {
            "HttpCheckPath": check.path,
            "HttpCheckDomain": check.domain,
            "HttpVersion": "HTTP/1.1",
            "HttpCheckMethod": "GET",
        }
    return asked


_REQUESTS: dict[str, Callable[[Place, Batch], Request]] = {
    "CreateLoadBalancer": _create_load_balancer,
    "CreateListener": _create_listener,
    "ModifyListener": _modify_listener,
    "BatchRegisterTargets": _register,
    "BatchDeregisterTargets": _deregister,
    "BatchModifyTargetWeight": _set_weight,
    "DeleteLoadBalancerListeners": _delete_listener,
    "DeleteLoadBalancer": _delete_load_balancer,
}
