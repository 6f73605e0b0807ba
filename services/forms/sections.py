"""The fields of the Create-a-Service page, section by section, with their rules and messages."""

from django import forms
from django.utils.translation import gettext_lazy as _

from services.forms.fields import (
    CHECK_PATH,
    DNS_SUBDOMAIN,
    SERVICE_NAME,
    OneOf,
    Text,
    Whole,
    labelled,
)
from services.spec import Access, CheckType


class Sections(forms.Form):
    use_required_attribute = False

    token = forms.CharField(required=False, widget=forms.HiddenInput)
    # "Deployment/storefront" when the selectors were taken from a workload.
    workload = Text(longest=(300, _("The workload's name is too long.")), widget=forms.HiddenInput)
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
