"""CreateServiceForm: TKE's page in TKE's order; `spec()` is the only way from it to the inside."""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.forms import BoundField
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from console.models import Binder, Claim, Cluster
from services.forms import across
from services.forms.fields import (
    DNS_LABEL,
    OneOf,
    Words,
    labelled,
)
from services.forms.rows import PortRow, Rows, SelectorRow
from services.forms.sections import Sections
from services.spec import (
    Access,
    CheckType,
    ClaimBy,
    HealthCheck,
    Port,
    Protocol,
    ServiceSpec,
)

TOKEN = re.compile(r"[0-9a-f]{32}")
CLB = {Access.PUBLIC.value, Access.PRIVATE.value}


@dataclass(frozen=True)
class SubnetChoice:
    id: str
    name: str
    zone: str
    free_ips: int


@dataclass(frozen=True)
class Choices:
    """What the user can choose from on this cluster; None = could not be read."""

    namespaces: Sequence[str]
    subnets: Sequence[SubnetChoice] | None = None
    # False: nobody could be asked, so any well-formed namespace is let through to Kubernetes.
    namespaces_known: bool = True


class CreateServiceForm(Sections):
    def __init__(
        self,
        cluster: Cluster,
        choices: Choices,
        data: Mapping[str, Any] | None = None,
        *,
        initial: Mapping[str, Any] | None = None,
        ports: Sequence[Mapping[str, Any]] = ({},),
        selectors: Sequence[Mapping[str, Any]] = ({},),
    ) -> None:
        super().__init__(data, initial={"token": uuid.uuid4().hex, **(initial or {})})
        self.cluster, self.choices = cluster, choices
        self.ports = Rows(PortRow, "ports", data=data, initial=ports)
        self.selectors = Rows(SelectorRow, "selectors", data=data, initial=selectors)
        self.own_field("namespace").choices = labelled(self.namespaces())
        self.own_field("subnet").choices = [
            (
                subnet.id,
                _("%(id)s %(name)s, %(zone)s, %(free)s free IPs") % vars_of(subnet),
            )
            for subnet in choices.subnets or ()
        ]
        if self.is_always_direct:
            self.fields["direct"].disabled = True

    def namespaces(self) -> list[str]:
        known = list(self.choices.namespaces)
        sent = str(self.data.get("namespace", ""))
        if not self.choices.namespaces_known and DNS_LABEL.fullmatch(sent) and sent not in known:
            known.append(sent)
        return known

    def own_field(self, name: str) -> OneOf:
        field = self.fields[name]
        assert isinstance(field, OneOf)
        return field

    @property
    def is_always_direct(self) -> bool:
        """podgate's own binder binds Pods and nothing else."""
        return bool(self.cluster.binder == Binder.CONSOLE)

    @cached_property
    def method(self) -> str:
        """The access method as it stands in the form, right or wrong."""
        return str(self["access"].value() or "")

    @property
    def is_clb(self) -> bool:
        return self.method in CLB

    @property
    def is_direct(self) -> bool:
        return self.is_clb and (self.is_always_direct or bool(self["direct"].value()))

    @property
    def methods(self) -> list[tuple[Any, Words]]:
        """The access methods' radio buttons, each with what it means."""
        notes = {
            Access.PUBLIC: _("A CLB with a public IP"),
            Access.PRIVATE: _("A CLB inside a VPC subnet"),
            Access.CLUSTER_IP: _("For callers in this cluster"),
            Access.NODE_PORT: _("A port on every node"),
        }
        return list(zip(self["access"], notes.values(), strict=True))

    def keep_errors_of(self, touched: set[str]) -> None:
        """While the form is being filled, only fields the user has left are complained about."""
        for rows in (self.ports, self.selectors):
            for row in rows:
                for name in set(row.errors) - {
                    n for n in row.fields if row[n].html_name in touched
                }:
                    del row.errors[name]
        for name in set(self.errors) - touched:
            del self.errors[name]

    def bound(self, html_name: str) -> BoundField | None:
        """The field behind a name in the page, in the form or in one of its rows."""
        if html_name in self.fields:
            return self[html_name]
        for rows in (self.ports, self.selectors):
            for row in rows:
                name = html_name.removeprefix(f"{row.prefix}-")
                if name != html_name and name in row.fields:
                    found: BoundField = row[name]
                    return found
        return None

    def clean_token(self) -> str:
        token: str = self.cleaned_data["token"]
        return token if TOKEN.fullmatch(token) else uuid.uuid4().hex

    def clean(self) -> dict[str, Any]:
        self.forget_what_does_not_apply()
        cleaned: dict[str, Any] = self.cleaned_data
        for rows in (self.ports, self.selectors):
            rows.is_valid()
            rows.remember()
        across.access(self)
        across.health(self)
        across.session(self)
        across.ports(self)
        across.selectors(self)
        return cleaned

    def forget_what_does_not_apply(self) -> None:
        """Errors of fields that the chosen access method hides are no errors."""
        for name in across.unused(self):
            self.errors.pop(name, None)

    def is_valid(self) -> bool:
        return super().is_valid() and self.ports.is_valid() and self.selectors.is_valid()

    def spec(self) -> ServiceSpec:
        """The one finished value; only of a valid form."""
        assert self.is_valid()
        return self.draft()

    def draft(self) -> ServiceSpec:
        """What can be said from the fields that are right so far, for previews."""
        self.full_clean_once()
        cleaned = self.cleaned_data
        access = Access(cleaned.get("access") or Access.PUBLIC)
        affinity = cleaned.get("affinity") == "ClientIP"
        return ServiceSpec(
            namespace=cleaned.get("namespace") or "",
            name=cleaned.get("name") or "",
            access=access,
            ports=tuple(port for row in self.ports if (port := port_of(row, access))),
            selector=tuple(sorted(pair for row in self.selectors if (pair := pair_of(row)))),
            description=cleaned.get("description") or "",
            claim=self.claim,
            subnet_id=(cleaned.get("subnet") or "") if access is Access.PRIVATE else "",
            headless=access is Access.CLUSTER_IP and bool(cleaned.get("headless")),
            local_traffic=access is not Access.CLUSTER_IP and cleaned.get("traffic") == "Local",
            session_seconds=(cleaned.get("hold") or 30) if affinity else None,
            health=self.health if self.is_clb else HealthCheck(),
            direct=self.is_direct if self.is_clb else True,
        )

    @property
    def selector_stands(self) -> bool:
        """Every selector row that was begun is right; the others alone would match other Pods."""
        self.full_clean_once()
        pairs = [pair_of(row) for row in self.selectors if not row.is_blank]
        return None not in pairs and len({pair[0] for pair in pairs if pair}) == len(pairs)

    def full_clean_once(self) -> None:
        if self.is_bound:
            assert self.errors is not None
            return
        # An unbound form is previewed as if its initial values had been sent.
        self.cleaned_data = {name: self[name].value() for name in self.fields}

    @property
    def claim(self) -> ClaimBy | None:
        if not self.is_clb or not self.is_always_direct:
            return None
        return ClaimBy.ANNOTATION if self.cluster.claim == Claim.ANNOTATION else ClaimBy.CLASS

    @property
    def health(self) -> HealthCheck:
        cleaned, usual = self.cleaned_data, HealthCheck()
        if not cleaned.get("check"):
            return HealthCheck(enabled=False)
        kind = CheckType(cleaned.get("check_type") or usual.type)
        return HealthCheck(
            type=kind,
            path=(cleaned.get("check_path") or usual.path) if kind is CheckType.HTTP else "/",
            domain=(cleaned.get("check_domain") or "") if kind is CheckType.HTTP else "",
            interval=int(cleaned.get("interval") or usual.interval),
            timeout=int(cleaned.get("timeout") or usual.timeout),
            healthy=int(cleaned.get("healthy") or usual.healthy),
            unhealthy=int(cleaned.get("unhealthy") or usual.unhealthy),
        )


def vars_of(subnet: SubnetChoice) -> dict[str, object]:
    return {
        "id": subnet.id,
        "name": subnet.name,
        "zone": subnet.zone,
        "free": subnet.free_ips,
    }


def port_of(row: PortRow, access: Access) -> Port | None:
    """Of a row whose own fields are right; what it shares with other rows is for the checks."""
    cleaned = row.alone
    if not {"protocol", "target", "port", "name"} <= cleaned.keys():
        return None
    protocol, target, port = Protocol(cleaned["protocol"]), cleaned["target"], cleaned["port"]
    return Port(
        protocol=protocol,
        port=port,
        target=target,
        name=cleaned["name"],
        node_port=cleaned.get("node_port") if access is Access.NODE_PORT else None,
    )


def pair_of(row: SelectorRow) -> tuple[str, str] | None:
    cleaned = row.alone
    if not (cleaned.get("key") and cleaned.get("value")):
        return None
    return cleaned["key"], cleaned["value"]
