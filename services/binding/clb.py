"""The CLB as a `State`, and steps as calls of its API; Tencent's field names stay in here."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched, groupby
from typing import Any

from console import tencent
from console.models import Account
from console.tencent import CloudError, Priority
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
from services.binding.state import Backend, Key, Listener, LoadBalancer, State, Target
from services.spec import CheckType, HealthCheck

LISTENER_PREFIX = "podgate-"
CLUSTER_TAG = "podgate-cluster"
SERVICE_TAG = "podgate-service-uid"
LB_PER_HEALTH_CALL = 20
TARGETS_PER_WEIGHT_RULE = 50
QUOTA = "TOTAL_TARGET_BIND_QUOTA"

type Row = Mapping[str, Any]


class PartialFailure(CloudError):
    """Some of a batch did not happen; what did is read back."""


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


@dataclass(frozen=True)
class Observed:
    """What the CLB has; targets carry no owner yet, that is the ledger's to say."""

    state: State
    ids: Mapping[Key, str]
    is_running: bool
    address: str
    is_ours: bool


def find(place: Place) -> list[str]:
    """Ids of the load balancers that carry our tags for this Service."""
    filters = [{"Name": f"tag:{SERVICE_TAG}", "Values": [place.service_uid]}]
    answer = _call(place, "DescribeLoadBalancers", {"Filters": filters, "Limit": 100})
    return [row["LoadBalancerId"] for row in answer["LoadBalancerSet"] if _is_ours(row, place)]


def tagged(account: Account, cluster_id: str) -> Iterator[tuple[str, str]]:
    """(load balancer, Service uid) of everything that carries our tags for this cluster."""
    asked = {"Filters": [{"Name": f"tag:{CLUSTER_TAG}", "Values": [cluster_id]}], "Limit": 100}
    offset, total = 0, 1
    while offset < total:
        answer = tencent.call(account, "clb", "DescribeLoadBalancers", asked | {"Offset": offset})
        for row in answer["LoadBalancerSet"]:
            tags = {tag["TagKey"]: tag["TagValue"] for tag in row.get("Tags") or ()}
            if tags.get(CLUSTER_TAG) == cluster_id and SERVICE_TAG in tags:
                yield row["LoadBalancerId"], tags[SERVICE_TAG]
        offset, total = offset + 100, answer["TotalCount"]


def observe(place: Place) -> Observed | None:
    """The load balancer as it is now; None when a live read does not have it."""
    try:
        found = _call(place, "DescribeLoadBalancers", {"LoadBalancerIds": [place.lb_id]})
    except tencent.NotFound:
        return None
    if not found["LoadBalancerSet"]:
        return None
    row = found["LoadBalancerSet"][0]
    listeners = _listeners(place) if row["Status"] == 1 else []
    ours = [row for row in listeners if _is_our_listener(row)]
    targets = _targets(place) if ours else {}
    state = State(
        LoadBalancer(row["LoadBalancerType"], _subnet(row)),
        {_key(row): _listener(row, targets.get(row["ListenerId"], ())) for row in ours},
        frozenset(_key(row) for row in listeners if not _is_our_listener(row)),
    )
    return Observed(
        state=state,
        ids={_key(row): row["ListenerId"] for row in ours},
        is_running=row["Status"] == 1,
        address=next(iter(row.get("LoadBalancerVips") or ()), row.get("LoadBalancerDomain") or ""),
        is_ours=_is_ours(row, place),
    )


def perform(place: Place, batch: Batch) -> Row:
    """Send one batch; PartialFailure when the CLB did only some of it."""
    body, priority = _REQUESTS[batch.action](place, batch)
    answer = _call(place, batch.action, body, priority)
    if failed := answer.get("FailListenerIdSet"):
        raise PartialFailure(
            "FailedOperation.Partial",
            f"{', '.join(failed)} not done: {answer.get('Message') or 'the CLB gives no reason'}",
            answer["RequestId"],
        )
    return answer


def task_failure(place: Place, request_id: str) -> str | None:
    """Of an asynchronous call: None while it runs, empty when it is done, else why it failed."""
    answer = _call(place, "DescribeTaskStatus", {"TaskId": request_id})
    if answer["Status"] == 2:
        return None
    return "" if answer["Status"] == 0 else answer.get("Message") or "The CLB gives no reason."


def health(account: Account, lb_ids: Iterable[str]) -> Iterator[tuple[str, str, Target, str]]:
    """(load balancer, listener id, target, the CLB's word) of every target, many LBs per call."""
    for some in batched(lb_ids, LB_PER_HEALTH_CALL):
        answer = tencent.call(
            account,
            "clb",
            "DescribeTargetHealth",
            {"LoadBalancerIds": list(some)},
            priority=Priority.HEALTH,
        )
        for balancer in answer["LoadBalancers"]:
            for listener in balancer.get("Listeners") or ():
                for row in _health_rows(listener):
                    word = row.get("HealthStatusDetail") or row.get("HealthStatusDetial") or ""
                    target = Target(row["IP"], row["Port"])
                    yield balancer["LoadBalancerId"], listener["ListenerId"], target, word


def target_quota(account: Account) -> int | None:
    """How many targets one listener may have in this account."""
    answer = tencent.call(account, "clb", "DescribeQuota")
    limits = {row["QuotaId"]: row["QuotaLimit"] for row in answer["QuotaSet"]}
    return limits.get(QUOTA)


def _call(
    place: Place, action: str, params: Row, priority: Priority = Priority.INVENTORY
) -> dict[str, Any]:
    return tencent.call(place.account, "clb", action, dict(params), priority=priority)


def _is_ours(row: Row, place: Place) -> bool:
    tags = {tag["TagKey"]: tag["TagValue"] for tag in row.get("Tags") or ()}
    return (tags.get(CLUSTER_TAG), tags.get(SERVICE_TAG)) == (place.cluster_id, place.service_uid)


def _subnet(row: Row) -> str:
    return row.get("SubnetId") or "" if row["LoadBalancerType"] == "INTERNAL" else ""


def _listeners(place: Place) -> list[Row]:
    answer = _call(place, "DescribeListeners", {"LoadBalancerId": place.lb_id})
    return list(answer.get("Listeners") or ())


def _is_our_listener(row: Row) -> bool:
    return str(row.get("ListenerName") or "").startswith(LISTENER_PREFIX)


def _key(row: Row) -> Key:
    return Key(row["Protocol"], row["Port"])


def _targets(place: Place) -> dict[str, Sequence[Row]]:
    answer = _call(place, "DescribeTargets", {"LoadBalancerId": place.lb_id})
    return {row["ListenerId"]: row.get("Targets") or () for row in answer.get("Listeners") or ()}


def _listener(row: Row, targets: Iterable[Row]) -> Listener:
    return Listener(
        check=_check(row.get("HealthCheck") or {}),
        session=row.get("SessionExpireTime") or 0,
        targets={
            Target(address, target["Port"]): Backend(target["Weight"], "")
            for target in targets
            for address in target.get("PrivateIpAddresses") or ()
        },
    )


def _check(row: Row) -> HealthCheck:
    if not row.get("HealthSwitch", 1):
        return HealthCheck(enabled=False)
    default = HealthCheck()
    kind = CheckType(row.get("CheckType") or default.type)
    is_http = kind is CheckType.HTTP
    return HealthCheck(
        type=kind,
        path=(row.get("HttpCheckPath") if is_http else "") or default.path,
        domain=(row.get("HttpCheckDomain") if is_http else "") or default.domain,
        interval=row.get("IntervalTime") or default.interval,
        timeout=row.get("TimeOut") or default.timeout,
        healthy=row.get("HealthNum") or default.healthy,
        unhealthy=row.get("UnHealthNum") or default.unhealthy,
    )


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


def _health_rows(listener: Row) -> Iterator[Row]:
    for rule in listener.get("Rules") or ():
        yield from rule.get("Targets") or ()


type Request = tuple[dict[str, Any], Priority]


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
