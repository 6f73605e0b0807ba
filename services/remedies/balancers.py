"""Attributes of podgate's own load balancers: deletion protection, traffic allowed by default."""

import time
from typing import Any

from django.utils.translation import gettext as _

from console import tencent
from console.models import Cluster
from services.binding import leases
from services.models import Binding
from services.remedies.remedy import Call, NotDone, Parameters, Prepared, Refused

MODIFY, PASSES = "ModifyLoadBalancerAttributes", "LoadBalancerPassToTarget"
LOOKS, BETWEEN_LOOKS = 15, 0.2


def turn_off_deletion_protection(cluster: Cluster, parameters: Parameters) -> Prepared:
    lb, row = _ours(cluster, parameters)
    is_on = "DeleteProtect" in (row.get("AttributeFlags") or ())
    return _set(
        cluster,
        lb,
        "DeleteProtect",
        is_on=is_on,
        to=False,
        title=_("Turn the deletion protection of %(lb)s off") % {"lb": lb},
        what=_("The load balancer can be deleted afterwards, by podgate with its Service too."),
        button=_("Turn it off"),
        done=_("%(lb)s is no longer protected from deletion.") % {"lb": lb},
        nothing=_("It is not protected."),
    )


def pass_to_target(cluster: Cluster, parameters: Parameters) -> Prepared:
    lb, row = _ours(cluster, parameters)
    return _set(
        cluster,
        lb,
        PASSES,
        is_on=bool(row.get(PASSES)),
        to=True,
        title=_("Allow traffic by default at %(lb)s") % {"lb": lb},
        what=_(
            "Only the load balancer's own security groups are asked from then on, no longer those "
            "of the Pods or nodes."
        ),
        button=_("Allow by default"),
        done=_("%(lb)s allows traffic by default.") % {"lb": lb},
        nothing=_("It does already."),
        warnings=() if row.get("SecureGroups") else (_without_groups(lb),),
    )


def withdraw_pass_to_target(cluster: Cluster, parameters: Parameters) -> Prepared:
    lb, row = _ours(cluster, parameters)
    return _set(
        cluster,
        lb,
        PASSES,
        is_on=bool(row.get(PASSES)),
        to=False,
        title=_("Allow no traffic by default at %(lb)s") % {"lb": lb},
        what=_(
            "The security groups of the Pods or nodes are asked again, beside the load balancer's "
            "own: for clients, and for health checks."
        ),
        button=_("Switch it off"),
        done=_("%(lb)s allows no traffic by default any more.") % {"lb": lb},
        nothing=_("It does not."),
        warnings=("Targets whose groups are closed to health checks turn Dead.",),
    )


def _set(
    cluster: Cluster,
    lb: str,
    attribute: str,
    *,
    is_on: bool,
    to: bool,
    title: str,
    what: str,
    button: str,
    done: str,
    nothing: str,
    warnings: tuple[str, ...] = (),
) -> Prepared:
    """One switch of a load balancer; `nothing`: what to say where it stands so already."""
    call = {"LoadBalancerId": lb, attribute: to}
    return Prepared(
        title=title,
        what=what,
        button=button,
        done=done,
        kind="LoadBalancer",
        name=lb,
        calls=(Call(f"clb {MODIFY}", call),),
        before={attribute: is_on},
        after={attribute: to},
        act=lambda: _modify(cluster, call),
        warnings=warnings,
        nothing=nothing if is_on is to else "",
    )


def _without_groups(lb: str) -> str:
    return f"{lb} has no security group: everybody reaches the listeners' ports then."


def _ours(cluster: Cluster, parameters: Parameters) -> tuple[str, dict[str, Any]]:
    lb = parameters.get("lb", "")
    bound = Binding.objects.filter(cluster=cluster, lb_id=lb, watched=False)
    if not lb or not bound.exists():
        raise Refused(_("%(lb)s is not a load balancer of podgate's.") % {"lb": lb or "–"})
    asked = {"LoadBalancerIds": [lb]}
    found = tencent.call(cluster.account, "clb", "DescribeLoadBalancers", asked)["LoadBalancerSet"]
    if not found:
        raise Refused(_("%(lb)s is gone.") % {"lb": lb})
    return lb, found[0]


def _modify(cluster: Cluster, call: dict[str, Any]) -> None:
    """Alone on the load balancer: the CLB takes one change at a time."""
    with leases.held(call["LoadBalancerId"]) as lease:
        if lease is None:
            raise NotDone(_("podgate is at work on it: try again."))
        lease.ready_to_write()
        answer = tencent.call(cluster.account, "clb", MODIFY, call)
        _wait(cluster, answer["RequestId"])


def _wait(cluster: Cluster, request_id: str) -> None:
    for _look in range(LOOKS):
        asked = {"TaskId": request_id}
        task = tencent.call(cluster.account, "clb", "DescribeTaskStatus", asked)
        if task["Status"] == 0:
            return
        if task["Status"] == 1:
            raise NotDone(task.get("Message") or _("The CLB gives no reason."))
        time.sleep(BETWEEN_LOOKS)
    raise NotDone(_("The CLB is still at it: look again in a moment."))
