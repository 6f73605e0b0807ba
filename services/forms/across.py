"""Rules that look at more than one field or row of the Create-a-Service form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from services.forms.fields import fail
from services.forms.rows import MOST_ROWS, PortRow
from services.spec import Access, CheckType, Protocol

if TYPE_CHECKING:
    from services.forms.create import CreateServiceForm

HEALTH = ("check_type", "check_path", "check_domain", "interval", "timeout", "healthy", "unhealthy")


def unused(form: CreateServiceForm) -> set[str]:
    """Fields that the other choices hide; what stands in them is neither checked nor sent."""
    names: set[str] = set()
    if not form.is_direct or not form["check"].value():
        names.update(HEALTH)
    if form["check_type"].value() != CheckType.HTTP:
        names.update({"check_path", "check_domain"})
    if form.method != Access.PRIVATE:
        names.add("subnet")
    if form["affinity"].value() != "ClientIP":
        names.add("hold")
    if form.method == Access.CLUSTER_IP:
        names.add("traffic")
    return names


def access(form: CreateServiceForm) -> None:
    if form.method != Access.PRIVATE or "subnet" in form.errors:
        return
    if not form.cleaned_data.get("subnet"):
        form.add_error("subnet", fail(_("Choose a subnet for the private CLB.")))
        return
    chosen = form.cleaned_data["subnet"]
    for subnet in form.choices.subnets or ():
        if subnet.id == chosen and subnet.free_ips < 1:
            form.add_error(
                "subnet", fail(_("%(id)s has no free IP. Choose another subnet."), id=chosen)
            )


def health(form: CreateServiceForm) -> None:
    cleaned = form.cleaned_data
    if not form.is_direct or not cleaned.get("check"):
        return
    interval, timeout = cleaned.get("interval"), cleaned.get("timeout")
    if interval and timeout and timeout >= interval:
        form.add_error("timeout", fail(_("The time-out must be shorter than the interval.")))
    protocols = {row["protocol"].value() for row in form.ports}
    kind = cleaned.get("check_type")
    if protocols == {Protocol.UDP.value} and kind in {CheckType.TCP, CheckType.HTTP}:
        form.add_error(
            "check_type",
            fail(_("%(kind)s checks need a TCP port. Choose PING for UDP."), kind=kind),
        )
    if protocols == {Protocol.TCP.value} and kind == CheckType.PING:
        form.add_error("check_type", fail(_("PING checks are for UDP ports. Choose TCP or HTTP.")))
    missing = "check_domain" not in form.errors and not cleaned.get("check_domain")
    if kind == CheckType.HTTP and missing:
        form.add_error(
            "check_domain", fail(_("The host cannot be empty: CLB needs it for HTTP checks."))
        )


def session(form: CreateServiceForm) -> None:
    hold = form.cleaned_data.get("hold")
    if form.cleaned_data.get("affinity") != "ClientIP" or hold is None or not form.is_clb:
        return
    if not 30 <= hold <= 3600:
        form.add_error(
            "hold", fail(_("The session hold time must be 30~3600 seconds with a load balancer."))
        )


def selectors(form: CreateServiceForm) -> None:
    seen: set[str] = set()
    for row in form.selectors:
        key = row.cleaned_data.get("key") if not row.is_blank else ""
        if key and key in seen:
            row.add_error("key", fail(_("Key %(key)s is used twice."), key=key))
        seen.add(key)


def ports(form: CreateServiceForm) -> None:
    rows = list(form.ports)
    if not rows:
        form.add_error(None, fail(_("At least one port mapping is required.")))
    if len(rows) > MOST_ROWS:
        form.add_error(
            None,
            fail(
                _("%(count)s port mappings: a Service takes up to %(most)s here."),
                count=len(rows),
                most=MOST_ROWS,
            ),
        )
    if form.method != Access.NODE_PORT:
        for row in rows:
            row.errors.pop("node_port", None)
            row.cleaned_data["node_port"] = None
    mapped_once(rows)
    node_ports_once(rows)
    names_once(rows)
    if form.is_direct:
        targets_once(rows)
    elif form.is_clb:
        one_protocol(rows)


def mapped_once(rows: list[PortRow]) -> None:
    twice(
        rows,
        field="port",
        of=("protocol", "port"),
        message=_("The port cannot be mapped twice: %(protocol)s %(port)s is in row %(row)s."),
    )


def node_ports_once(rows: list[PortRow]) -> None:
    twice(
        [row for row in rows if row.cleaned_data.get("node_port")],
        field="node_port",
        of=("protocol", "node_port"),
        message=_("The port cannot be mapped twice: node port %(node_port)s is in use above."),
    )


def targets_once(rows: list[PortRow]) -> None:
    twice(
        rows,
        field="target",
        of=("protocol", "target"),
        message=_(
            "%(protocol)s %(target)s is already the target of row %(row)s. A CLB cannot tell two "
            "ports apart that share protocol and target."
        ),
    )


def names_once(rows: list[PortRow]) -> None:
    twice(
        [row for row in rows if row.cleaned_data.get("name")],
        field="name",
        of=("name",),
        message=_("The port name %(name)s is used twice."),
    )


def one_protocol(rows: list[PortRow]) -> None:
    """Without direct access TKE's CLB takes one layer-4 protocol per Service."""
    known = [row for row in rows if row.cleaned_data.get("protocol")]
    for row in known[1:]:
        if row.cleaned_data["protocol"] != known[0].cleaned_data["protocol"]:
            row.add_error("protocol", fail(_("Protocols must be the same.")))


def twice(rows: list[PortRow], *, field: str, of: tuple[str, ...], message: object) -> None:
    """Puts the message beside the later of two rows that agree in all these fields."""
    seen: dict[tuple[object, ...], int] = {}
    for number, row in enumerate(rows, start=1):
        cleaned = getattr(row, "cleaned_data", {})
        if any(cleaned.get(name) in (None, "") for name in of):
            continue
        key = tuple(cleaned[name] for name in of)
        first = seen.setdefault(key, number)
        if first != number:
            values = {name: cleaned[name] for name in of}
            add(row, field, message, values | {"row": first})


def add(row: forms.Form, field: str, message: object, values: dict[str, object]) -> None:
    row.add_error(field, fail(message, **values))  # type: ignore[arg-type]
