"""CreateServiceForm: TKE's page in TKE's order; `spec()` is the only way from it to the inside."""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from console.models import Binder, Claim, Cluster
from services.forms import across
from services.forms.fields import (
    CHECK_PATH,
    DNS_SUBDOMAIN,
    SERVICE_NAME,
    OneOf,
    Text,
    Whole,
    labelled,
)
from services.forms.rows import PortRow, Rows, SelectorRow
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
    # None: nobody could be asked, so any well-formed namespace is let through to Kubernetes.
    namespaces_known: bool = True


class CreateServiceForm(forms.Form):
    use_required_attribute = False

    token = forms.CharField(required=False, widget=forms.HiddenInput)
    name = Text(
        label=_("Service name"),
        help_text=_(
            "Up to 63 characters: lowercase letters, digits and '-'; must start with a lowercase "
            "letter and end with a digit or lowercase letter."
        ),
        empty=_("The Service name cannot be empty."),
        longest=(63, _("The Service name cannot exceed 63 characters.")),
        pattern=(
            SERVICE_NAME,
            _("Service name format incorrect: lowercase letters, digits and '-', a letter first."),
        ),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "placeholder": _("Enter the Service name")}
        ),
    )
    description = Text(
        label=_("Description"),
        longest=(1000, _("The description cannot exceed 1000 characters.")),
        widget=forms.Textarea(
            attrs={"rows": 2, "placeholder": _("Optional, up to 1000 characters")}
        ),
    )
    namespace = OneOf(
        label=_("Namespace"),
        empty=_("The namespace cannot be empty."),
        unknown=_("Namespace %(value)s does not exist in this cluster."),
    )
    access = OneOf(
        label=_("Access method"),
        choices=[
            (Access.PUBLIC.value, _("Public Network CLB Access")),
            (Access.PRIVATE.value, _("Private Network CLB Access")),
            (Access.CLUSTER_IP.value, _("Intra-cluster (ClusterIP)")),
            (Access.NODE_PORT.value, _("Node port (NodePort)")),
        ],
        empty=_("Choose an access method."),
        unknown=_("%(value)s is not an access method."),
        widget=forms.RadioSelect,
        initial=Access.PUBLIC.value,
    )
    direct = forms.BooleanField(
        label=_("Enable CLB-to-Pod Direct Access"), required=False, initial=True
    )
    subnet = OneOf(
        label=_("Subnet"),
        empty="",
        unknown=_("%(value)s is not a subnet of this cluster's VPC. Choose another subnet."),
    )
    headless = forms.BooleanField(
        label=_("Headless Service"),
        required=False,
        help_text=_(
            "No ClusterIP is created: the Service name resolves to the Pods' own addresses. Can "
            "only be chosen now, the access method cannot be changed later."
        ),
    )
    check = forms.BooleanField(label=_("Check health"), required=False, initial=True)
    check_type = OneOf(
        label=_("Type"),
        choices=labelled([kind.value for kind in CheckType if kind is not CheckType.CUSTOM]),
        initial=CheckType.TCP.value,
        empty=_("Choose a type of health check."),
        unknown=_("%(value)s is not a type of health check."),
        widget=forms.RadioSelect,
    )
    check_path = Text(
        label=_("Path"),
        initial="/",
        empty=_("The path cannot be empty."),
        longest=(200, _("The path cannot exceed 200 characters.")),
        pattern=(
            CHECK_PATH,
            _("Path format incorrect: start with '/', then letters, digits and - _ . / = ?"),
        ),
    )
    check_domain = Text(
        label=_("Host"),
        help_text=_("Sent as the Host header. CLB asks for one with HTTP checks."),
        longest=(80, _("The host cannot exceed 80 characters.")),
        pattern=(DNS_SUBDOMAIN, _("Host format incorrect: a domain name in lowercase letters.")),
    )
    interval = Whole(
        2,
        300,
        label=_("Interval"),
        initial="5",
        empty=_("The interval cannot be empty."),
        outside=_("The interval must be 2~300 seconds."),
    )
    timeout = Whole(
        2,
        60,
        label=_("Time-out"),
        initial="2",
        empty=_("The time-out cannot be empty."),
        outside=_("The time-out must be 2~60 seconds."),
    )
    healthy = Whole(
        2,
        10,
        label=_("Healthy after"),
        initial="3",
        empty=_("The healthy threshold cannot be empty."),
        outside=_("The healthy threshold must be 2~10 times."),
    )
    unhealthy = Whole(
        2,
        10,
        label=_("Unhealthy after"),
        initial="3",
        empty=_("The unhealthy threshold cannot be empty."),
        outside=_("The unhealthy threshold must be 2~10 times."),
    )
    traffic = OneOf(
        label=_("External traffic policy"),
        choices=labelled(["Cluster", "Local"]),
        initial="Cluster",
        empty=_("Choose an external traffic policy."),
        unknown=_("%(value)s is not an external traffic policy."),
        widget=forms.RadioSelect,
    )
    affinity = OneOf(
        label=_("Session affinity"),
        choices=[("None", _("None")), ("ClientIP", "ClientIP")],
        initial="None",
        empty=_("Choose a session affinity."),
        unknown=_("%(value)s is not a session affinity."),
        widget=forms.RadioSelect,
    )
    hold = Whole(
        1,
        86400,
        label=_("Max session hold time"),
        initial="30",
        empty=_("The session hold time cannot be empty."),
        outside=_("The session hold time must be 1~86400 seconds."),
    )

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
        self.own_field("namespace").choices = labelled(choices.namespaces)
        self.own_field("subnet").choices = [
            (
                subnet.id,
                _("%(id)s %(name)s, %(zone)s, %(free)s free IPs") % vars_of(subnet),
            )
            for subnet in choices.subnets or ()
        ]
        if self.is_always_direct:
            self.fields["direct"].disabled = True

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

    def clean_token(self) -> str:
        token: str = self.cleaned_data["token"]
        return token if TOKEN.fullmatch(token) else uuid.uuid4().hex

    def clean(self) -> dict[str, Any]:
        self.forget_what_does_not_apply()
        cleaned: dict[str, Any] = self.cleaned_data
        self.ports.is_valid()
        self.selectors.is_valid()
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
    if not row.is_bound or row.errors:
        return None
    cleaned = row.cleaned_data
    protocol, target, port = Protocol(cleaned["protocol"]), cleaned["target"], cleaned["port"]
    return Port(
        protocol=protocol,
        port=port,
        target=target,
        name=cleaned["name"],
        node_port=cleaned["node_port"] if access is Access.NODE_PORT else None,
    )


def pair_of(row: SelectorRow) -> tuple[str, str] | None:
    if not row.is_bound or row.errors or row.is_blank:
        return None
    return row.cleaned_data["key"], row.cleaned_data["value"]
