"""The Cloud Connect Network: attach the VPC, register the container network, take it out."""

import re

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console import ccn, container_routes
from console.container_routes import Ccn
from console.models import Cluster
from services.models import Registration
from services.remedies.remedy import Call, Choice, NotDone, Parameters, Prepared, Refused

ID = re.compile(r"ccn-[a-z0-9]{1,32}")
NEW = "new"
CONSOLE = "https://console.cloud.tencent.com/tke2/cluster"


def live(cluster: Cluster) -> Ccn:
    """Where the cluster's VPC stands now; raises CloudError, or Refused without a VPC."""
    network = cluster.facts.get("network") or {}
    if not network.get("vpc_id") or not network.get("cluster_cidrs"):
        raise Refused(_("The cluster has no container network of its own to register."))
    return ccn.read(cluster.account, network["vpc_id"], network["cluster_cidrs"])


def register_ccn(cluster: Cluster, parameters: Parameters) -> Prepared:
    now = live(cluster)
    values = {"ccn": now.ccn_id, "cidrs": ", ".join(now.cidrs), "vpc": now.vpc_id}
    if not now.attached:
        raise Refused(_("%(vpc)s is attached to no CCN that works: attach it first.") % values)
    if now.conflicts:
        values |= {"other": now.conflicts[0].cidr, "instance": now.conflicts[0].instance_id}
        raise Refused(
            _(
                "%(cidrs)s overlaps %(other)s of %(instance)s in %(ccn)s: its route would stay "
                "off. Switch the other route off in the VPC console first."
            )
            % values
        )
    add = [
        Call("tke AddClusterCIDRToCcn", {"VpcId": now.vpc_id, "ClusterCIDR": cidr})
        for cidr in now.missing()
    ]
    off = [route.id for route in now.own if not route.enabled]
    enable = [Call("vpc EnableCcnRoutes", {"CcnId": now.ccn_id, "RouteIds": off})] if off else []
    return Prepared(
        title=_("Register the container network in %(ccn)s") % values,
        what=_(
            "%(cidrs)s becomes a route of %(ccn)s, so that load balancers in %(vpc)s reach the "
            "Pods. The route is on by itself unless it conflicts."
        )
        % values,
        button=_("Register"),
        done=_("%(cidrs)s is registered in %(ccn)s and its route is on.") % values,
        kind="Ccn",
        name=now.ccn_id,
        calls=(*add, *enable),
        before=_routes(now),
        after=_routes(now, registered=True),
        act=lambda: _register(cluster, now),
        nothing=_("It is registered already, and its route is on.") if now.enabled else "",
        link=CONSOLE,
    )


def _register(cluster: Cluster, before: Ccn) -> None:
    try:
        ccn.register(cluster.account, before)
    except ccn.NotOffered as error:
        raise NotDone(not_offered()) from error
    now = ccn.read(cluster.account, before.vpc_id, before.cidrs)
    if not now.enabled:
        words = _("DescribeCcnRoutes does not show the route to %(cidrs)s as enabled.")
        raise NotDone(words % {"cidrs": ", ".join(now.cidrs)})


def not_offered() -> str:
    return _(
        "This endpoint does not offer AddClusterCIDRToCcn, which only TKE's own console is sure to "
        "have. Switch CCN on in the cluster's basic information there; podgate sees the route "
        "within 30 s."
    )


def unregister_ccn(cluster: Cluster, parameters: Parameters) -> Prepared:
    now = live(cluster)
    values = {"ccn": now.ccn_id, "cidrs": ", ".join(route.cidr for route in now.own)}
    calls = tuple(
        Call("tke DeleteClusterCIDRFromCcn", {"VpcId": now.vpc_id, "ClusterCIDR": route.cidr})
        for route in now.own
    )
    return Prepared(
        title=_("Take the container network out of %(ccn)s") % values,
        what=_("The routes to %(cidrs)s leave %(ccn)s.") % values,
        button=_("Unregister"),
        done=_("The container network is no longer registered in %(ccn)s.") % values,
        kind="Ccn",
        name=now.ccn_id,
        calls=calls,
        before=_routes(now),
        after=_routes(now, registered=False),
        act=lambda: _unregister(cluster, now),
        warnings=_losses(cluster),
        nothing="" if now.own else _("It is not registered."),
        link=CONSOLE,
    )


def _unregister(cluster: Cluster, before: Ccn) -> None:
    ccn.unregister(cluster.account, before)
    now = ccn.read(cluster.account, before.vpc_id, before.cidrs)
    if any(route.enabled for route in now.own):
        raise NotDone(_("DescribeCcnRoutes still shows a route to the container network."))


def _losses(cluster: Cluster) -> tuple[str, ...]:
    bound = Registration.objects.filter(binding__cluster=cluster).count()
    if not bound or cluster.ticket_route:
        return ()
    if bound == 1:
        return ("1 target of this cluster loses its route and turns Dead.",)
    return (f"{bound} targets of this cluster lose their route and turn Dead.",)


def attach_ccn(cluster: Cluster, parameters: Parameters) -> Prepared:
    """Into a CCN of the account, or into a new one."""
    now, chosen = live(cluster), parameters.get("ccn", "")
    values = {"vpc": now.vpc_id, "ccn": chosen}
    title = _("Attach %(vpc)s to a CCN") % values
    what = _(
        "A Cloud Connect Network carries routes between VPCs, container networks and data centres. "
        "The VPC's own range is announced at once; the container network is registered afterwards."
    )
    if now.ccn_id:
        words = _("%(vpc)s is attached to %(ccn)s already.") % (values | {"ccn": now.ccn_id})
        return Prepared(title, what, nothing=words)
    if not chosen:
        return Prepared(title, what, asks="ccn", choices=tuple(_choices(cluster)))
    if chosen != NEW and not ID.fullmatch(chosen):
        raise Refused(_("%(ccn)s is not a CCN.") % values)
    name = f"podgate-{cluster.cluster_id}"[:60]
    create = (Call("vpc CreateCcn", {"CcnName": name, "QosLevel": "AU"}),) if chosen == NEW else ()
    instance = {
        "InstanceId": now.vpc_id,
        "InstanceRegion": cluster.account.region,
        "InstanceType": "VPC",
    }
    known = chosen if chosen != NEW else "ccn-…"
    attach = Call("vpc AttachCcnInstances", {"CcnId": known, "Instances": [instance]})
    return Prepared(
        title,
        what,
        button=_("Attach VPC"),
        done=_("%(vpc)s is attached. Register the container network now.") % values,
        kind="Vpc",
        name=now.vpc_id,
        calls=(*create, attach),
        before={"CCN": None},
        after={"CCN": name if chosen == NEW else chosen},
        act=lambda: _attach(cluster, now, chosen, name),
        warnings=("A CCN costs by the traffic or bandwidth that leaves the region.",)
        if chosen == NEW
        else (),
    )


def _choices(cluster: Cluster) -> list[Choice]:
    found = [
        Choice(
            one.id,
            f"{one.id} {one.name}".strip(),
            ngettext("%(n)s instance", "%(n)s instances", one.instances) % {"n": one.instances},
        )
        for one in ccn.choices(cluster.account)
    ]
    return [*found, Choice(NEW, _("A new CCN"), _("Pay as you go, named after the cluster"))]


def _attach(cluster: Cluster, before: Ccn, chosen: str, name: str) -> None:
    ccn_id = ccn.create(cluster.account, name) if chosen == NEW else chosen
    ccn.attach(cluster.account, ccn_id, before.vpc_id)
    now = ccn.read(cluster.account, before.vpc_id, before.cidrs)
    if now.vpc_state != container_routes.ACTIVE:
        words = _("%(vpc)s is %(state)s in %(ccn)s: its owner may have to accept.")
        values = {"vpc": before.vpc_id, "state": now.vpc_state or "–", "ccn": ccn_id}
        raise NotDone(words % values)


def _routes(now: Ccn, *, registered: bool | None = None) -> dict[str, str]:
    """Each container range and its route; `registered` says what is wanted instead."""
    on = {route.cidr: "enabled" if route.enabled else "disabled" for route in now.own}
    if registered is True:
        return dict.fromkeys(now.cidrs, "enabled")
    if registered is False:
        return dict.fromkeys(now.cidrs, "not registered")
    return {cidr: on.get(cidr, "not registered") for cidr in now.cidrs}
