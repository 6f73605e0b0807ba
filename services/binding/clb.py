"""The CLB as a `State`; Tencent's field names stay in here and in `calls`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import batched
from typing import Any, NamedTuple

from console import tencent
from console.models import Account
from console.tencent import CloudError, Priority
from services.binding.calls import (
    CLUSTER_TAG,
    LISTENER_PREFIX,
    SERVICE_TAG,
    Place,
    request,
)
from services.binding.plan import Batch
from services.binding.state import Backend, Key, Listener, LoadBalancer, State, Target
from services.spec import CheckType, HealthCheck

LB_PER_HEALTH_CALL = 20
BEIJING = timezone(timedelta(hours=8))
QUOTA = "TOTAL_TARGET_BIND_QUOTA"

type Row = Mapping[str, Any]


class PartialFailure(CloudError):
    """Some of a batch did not happen; what did is read back."""


@dataclass(frozen=True)
class Observed:
    """What the CLB has; targets carry no owner yet, that is the ledger's to say."""

    state: State
    ids: Mapping[Key, str]
    is_running: bool
    address: str
    is_ours: bool
    # When the CLB says it registered a target, by listener id, IP and port.
    registered: Mapping[tuple[str, str, int], datetime] = field(default_factory=dict)


def find(place: Place) -> list[str]:
    """Ids of the load balancers that carry our tags for this Service."""
    filters = [{"Name": f"tag:{SERVICE_TAG}", "Values": [place.service_uid]}]
    answer = _call(place, "DescribeLoadBalancers", {"Filters": filters, "Limit": 100})
    return [row["LoadBalancerId"] for row in answer["LoadBalancerSet"] if _is_ours(row, place)]


class Tagged(NamedTuple):
    """A load balancer that carries our tags; its name tells the Service it was made for."""

    lb_id: str
    service_uid: str
    name: str


def tagged(account: Account, cluster_id: str) -> Iterator[Tagged]:
    """Everything that carries our tags for this cluster."""
    asked = {"Filters": [{"Name": f"tag:{CLUSTER_TAG}", "Values": [cluster_id]}], "Limit": 100}
    offset, total = 0, 1
    while offset < total:
        answer = tencent.call(account, "clb", "DescribeLoadBalancers", asked | {"Offset": offset})
        for row in answer["LoadBalancerSet"]:
            tags = {tag["TagKey"]: tag["TagValue"] for tag in row.get("Tags") or ()}
            if tags.get(CLUSTER_TAG) == cluster_id and SERVICE_TAG in tags:
                name = row.get("LoadBalancerName") or ""
                yield Tagged(row["LoadBalancerId"], tags[SERVICE_TAG], name)
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
        registered=dict(_registered(targets)),
    )


class ShownTarget(NamedTuple):
    """A target of a load balancer that somebody else runs."""

    listener_id: str
    key: Key
    target: Target
    weight: int
    registered: datetime | None


@dataclass(frozen=True)
class Shown:
    """Such a load balancer as it is, whoever made its listeners."""

    address: str
    is_running: bool
    targets: tuple[ShownTarget, ...] = ()


def shown(account: Account, lb_id: str) -> Shown | None:
    """Read only; None when the account does not have it."""
    asked = {"LoadBalancerIds": [lb_id]}
    try:
        found = tencent.call(account, "clb", "DescribeLoadBalancers", asked)
    except tencent.NotFound:
        return None
    if not found["LoadBalancerSet"]:
        return None
    row = found["LoadBalancerSet"][0]
    address = next(iter(row.get("LoadBalancerVips") or ()), row.get("LoadBalancerDomain") or "")
    if row["Status"] != 1:
        return Shown(address, is_running=False)
    answer = tencent.call(account, "clb", "DescribeTargets", {"LoadBalancerId": lb_id})
    listeners = {r["ListenerId"]: r for r in answer.get("Listeners") or ()}
    targets = {listener: r.get("Targets") or () for listener, r in listeners.items()}
    registered = dict(_registered(targets))
    return Shown(
        address,
        is_running=True,
        targets=tuple(
            ShownTarget(
                listener,
                _key(listeners[listener]),
                Target(ip, one["Port"]),
                one["Weight"],
                registered.get((listener, ip, one["Port"])),
            )
            for listener, rows in targets.items()
            for one in rows
            for ip in one.get("PrivateIpAddresses") or ()
        ),
    )


def perform(place: Place, batch: Batch) -> Row:
    """Send one batch; PartialFailure when the CLB did only some of it."""
    body, priority = request(place, batch)
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


def _registered(
    targets: Mapping[str, Sequence[Row]],
) -> Iterator[tuple[tuple[str, str, int], datetime]]:
    """RegisteredTime, which the CLB writes in Beijing's time without a zone."""
    for listener, rows in targets.items():
        for row in rows:
            try:
                said = datetime.fromisoformat(row.get("RegisteredTime") or "")
            except ValueError:
                continue
            at = said if said.tzinfo else said.replace(tzinfo=BEIJING)
            for address in row.get("PrivateIpAddresses") or ():
                yield (listener, address, row["Port"]), at


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


def _health_rows(listener: Row) -> Iterator[Row]:
    for rule in listener.get("Rules") or ():
        yield from rule.get("Targets") or ()
