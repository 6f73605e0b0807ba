"""Settings of the cluster: TKE's switch for GlobalRouter, and the route that a ticket made."""

from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.utils import timezone
from django.utils.translation import gettext as _

from console import facts, kube
from console.models import Cluster
from services.remedies.remedy import Call, NotDone, Parameters, Prepared, Refused

SWITCH = "GlobalRouteDirectAccess"
NAMESPACE = "kube-system"


def enable_global_route_direct_access(cluster: Cluster, parameters: Parameters) -> Prepared:
    door = kube.connect(cluster)
    data = facts.tke_controller(door)
    where = f"{NAMESPACE}/{facts.TKE_CONTROLLER}"
    if data is None:
        words = _("There is no ConfigMap %(name)s: TKE's service-controller makes it.")
        raise Refused(words % {"name": where})
    body: dict[str, Any] = {"data": {SWITCH: "true"}}
    path = kube.path("ConfigMap", NAMESPACE, facts.TKE_CONTROLLER)
    return Prepared(
        title=_("Switch GlobalRouteDirectAccess on"),
        what=_(
            "TKE's service-controller reads the ConfigMap while it runs and binds GlobalRouter "
            "Pods directly from then on, where it is the binder."
        ),
        button=_("Switch on"),
        done=_("GlobalRouteDirectAccess is switched on."),
        kind="ConfigMap",
        name=where,
        calls=(Call(f"PATCH {path}", body),),
        before={SWITCH: data.get(SWITCH)},
        after={SWITCH: "true"},
        act=lambda: _patch(door, path, body),
        nothing=_("It is switched on already.") if data.get(SWITCH, "").lower() == "true" else "",
    )


def _patch(door: kube.Kube, path: str, body: dict[str, Any]) -> None:
    door.patch(path, body, kind="merge")
    data = facts.tke_controller(door) or {}
    if data.get(SWITCH) != "true":
        raise NotDone(_("The ConfigMap was written, but does not say so."))


def ticket_warnings() -> tuple[str, ...]:
    return (
        "No API shows a route that a ticket made: podgate takes your word for it.",
        "The CLB does not verify addresses behind such a route: a target with a wrong IP is "
        "taken, and traffic for it goes wherever that IP is.",
    )


def declare_ticket_route(
    cluster: Cluster, parameters: Parameters, user: User | AnonymousUser
) -> Prepared:
    return Prepared(
        title=_("Declare a route made by ticket"),
        what=_(
            "Tencent Cloud routed the container network of this cluster on your ticket, without a "
            "CCN. podgate stops asking for a CCN route."
        ),
        button=_("Declare the route"),
        done=_("The route by ticket is declared."),
        kind="Cluster",
        name=cluster.cluster_id,
        before={"ticket route": _state(cluster)},
        after={"ticket route": "declared"},
        act=lambda: _declare(cluster, on=True, by=user.get_username()),
        warnings=ticket_warnings(),
        nothing=_("It is declared already.") if cluster.ticket_route else "",
    )


def withdraw_ticket_route(
    cluster: Cluster, parameters: Parameters, user: User | AnonymousUser
) -> Prepared:
    return Prepared(
        title=_("Withdraw the route made by ticket"),
        what=_("podgate asks for a CCN route again. Targets that are bound stay bound."),
        button=_("Withdraw"),
        done=_("The route by ticket is withdrawn."),
        kind="Cluster",
        name=cluster.cluster_id,
        before={"ticket route": _state(cluster)},
        after={"ticket route": "not declared"},
        act=lambda: _declare(cluster, on=False, by=""),
        nothing="" if cluster.ticket_route else _("None is declared."),
    )


def _state(cluster: Cluster) -> str:
    return "declared" if cluster.ticket_route else "not declared"


def _declare(cluster: Cluster, *, on: bool, by: str) -> None:
    cluster.ticket_route = on
    cluster.ticket_route_at = timezone.now() if on else None
    cluster.ticket_route_by = by[:150]
    cluster.save(update_fields=["ticket_route", "ticket_route_at", "ticket_route_by"])
