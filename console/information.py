"""Basic Information: everything the APIs say of a cluster, as cards ready to print."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from console import overview
from console.models import Cluster

Facts = Mapping[str, Any]

TYPES = {
    "MANAGED_CLUSTER": gettext_noop("Managed cluster"),
    "INDEPENDENT_CLUSTER": gettext_noop("Independent cluster"),
}
ACCOUNT_TYPES = {
    "STANDARD": gettext_noop("bill-by-IP"),
    "LEGACY": gettext_noop("bill-by-CVM"),
}
# DescribeClusterEndpointStatus' words.
ACCESS = {
    "Created": (gettext_noop("On"), "success"),
    "Creating": (gettext_noop("Being switched on"), "info"),
    "NotFound": (gettext_noop("Off"), "idle"),
    "CreateFailed": (gettext_noop("Failed"), "error"),
}
# So many cordoned nodes are named.
NAMED = 3
QUOTAS = {
    "TOTAL_OPEN_CLB_QUOTA": gettext_noop("Public CLBs"),
    "TOTAL_INTERNAL_CLB_QUOTA": gettext_noop("Private CLBs"),
    "TOTAL_LISTENER_QUOTA": gettext_noop("Listeners per CLB"),
    "TOTAL_TARGET_BIND_QUOTA": gettext_noop("Targets per listener"),
}
SUBNET_LOW, SUBNET_VERY_LOW = 0.2, 0.1
FULL, ALMOST_FULL = 0.95, 0.8


@dataclass(frozen=True)
class Fact:
    """A label and its value: `code` for what people paste, `copy` to offer a copy button."""

    label: str
    value: str
    code: bool = False
    copy: bool = False
    tone: str = ""
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """A figure with its limit, and a bar where there is one."""

    label: str
    used: int | None
    total: int | None = None
    note: str = ""
    beside: str = ""

    @property
    def high(self) -> int:
        return int((self.total or 0) * FULL)

    @property
    def low(self) -> int:
        return int((self.total or 0) * ALMOST_FULL)


@dataclass(frozen=True)
class SubnetRow:
    id: str
    name: str
    zone: str
    cidr: str
    free: int
    total: int

    @property
    def used(self) -> int:
        return self.total - self.free

    @property
    def high(self) -> int:
        return self.total - int(self.total * SUBNET_VERY_LOW)

    @property
    def low(self) -> int:
        return self.total - int(self.total * SUBNET_LOW)


@dataclass(frozen=True)
class Information:
    name: str
    status: str
    status_tone: str
    status_note: str
    basic: tuple[Fact, ...]
    tags: tuple[str, ...]
    add_on: str
    meaning: str
    direct: overview.Verdict
    network: tuple[Fact, ...]
    figures: tuple[Figure, ...]
    quotas: tuple[Fact, ...]
    subnets: tuple[SubnetRow, ...]
    api_server: tuple[Fact, ...]
    tke_controller: tuple[Fact, ...]
    errors: tuple[tuple[str, str], ...]


def information(cluster: Cluster) -> Information:
    facts: Facts = cluster.facts
    network: Facts = facts.get("network") or {}
    word, tone, note = overview.status_of(cluster)
    return Information(
        name=facts.get("name") or cluster.cluster_id,
        status=word,
        status_tone=tone,
        status_note=note,
        basic=tuple(_known(_basic(cluster, facts))),
        tags=tuple(f"{tag['key']}: {tag['value']}" for tag in facts.get("tags") or ()),
        add_on=_(network["words"]) if network else "",
        meaning=_(network["meaning"]) if network else "",
        direct=overview.direct_access(cluster),
        network=tuple(_known(_network(facts, network))),
        figures=tuple(_figures(facts)),
        quotas=tuple(_quotas(facts)),
        subnets=tuple(SubnetRow(**each) for each in facts.get("subnets") or ()),
        api_server=tuple(_known(_api_server(cluster, facts.get("endpoints") or {}))),
        tke_controller=tuple(
            Fact(key, value, code=True)
            for key, value in sorted((facts.get("tke_controller") or {}).items())
        ),
        errors=tuple(sorted((facts.get("errors") or {}).items())),
    )


def _known(facts: Iterator[Fact]) -> Iterator[Fact]:
    """What an API does not tell is left out, not shown empty."""
    return (fact for fact in facts if fact.value)


def _basic(cluster: Cluster, facts: Facts) -> Iterator[Fact]:
    account = cluster.account
    yield Fact(_("Cluster ID"), cluster.cluster_id, code=True, copy=True)
    yield Fact(_("Name"), facts.get("name", ""))
    yield Fact(_("Description"), facts.get("description", ""))
    yield Fact(_("State at TKE"), facts.get("status", ""))
    yield Fact(_("Type"), _type(facts))
    yield Fact(_("Kubernetes version"), overview.version_of(cluster), note=_build(cluster))
    yield Fact(_("Container runtime"), facts.get("runtime", ""))
    yield Fact(_("Operating system"), facts.get("os", ""))
    if facts:
        yield Fact(_("Project"), _project(facts))
    yield Fact(_("Region"), account.region)
    yield Fact(_("Account"), account.name)
    yield Fact(_("Account Uin"), account.uin, code=True, copy=True)
    yield Fact(_("Account type"), _account_type(facts))
    yield Fact(_("Deletion protection"), _on_off(facts.get("deletion_protection")))
    yield Fact(_("Binder"), cluster.get_binder_display(), note=cluster.get_claim_display())
    yield Fact(_("Readiness gate"), cluster.gate_type, code=True, copy=True)
    yield Fact(_("Created"), _moment(facts.get("created", "")))


def _type(facts: Facts) -> str:
    kind = TYPES.get(facts.get("type", ""))
    words = _(kind) if kind else facts.get("type", "")
    if facts.get("level"):
        words = _("%(type)s, level %(level)s") % {"type": words, "level": facts["level"]}
    if facts.get("auto_level"):
        words = _("%(type)s, rises by itself") % {"type": words}
    return str(words)


def _build(cluster: Cluster) -> str:
    """The full version, where it says more than the short one."""
    full = cluster.kubernetes_version
    return full if full.removeprefix("v") != overview.version_of(cluster) else ""


def _project(facts: Facts) -> str:
    project = facts.get("project") or 0
    return _("Default project") if project == 0 else str(project)


def _account_type(facts: Facts) -> str:
    said = facts.get("account_type") or ""
    words = ACCOUNT_TYPES.get(said)
    return f"{_(words)} ({said})" if words else said


def _on_off(value: bool | None) -> str:
    if value is None:
        return ""
    return _("On") if value else _("Off")


def _moment(text: str) -> str:
    return text.replace("T", " ").replace("Z", " UTC")


def _network(facts: Facts, network: Facts) -> Iterator[Fact]:
    yield Fact(_("VPC"), network.get("vpc_id", ""), code=True, copy=True)
    for cidr in network.get("cluster_cidrs") or ():
        yield Fact(_("Container CIDR"), cidr, code=True, copy=True)
    if subnets := facts.get("subnets"):
        words = ngettext("%(n)s ENI subnet", "%(n)s ENI subnets", len(subnets))
        yield Fact(_("Pod network"), words % {"n": len(subnets)})
    yield Fact(_("Service CIDR"), network.get("service_cidr", ""), code=True, copy=True)
    yield Fact(_("kube-proxy"), _(network["kube_proxy"]) if network.get("kube_proxy") else "")
    if network:
        family = _("IPv4 and IPv6") if network.get("dual_stack") else "IPv4"
        yield Fact(_("IP version"), family)
    subnet = network.get("control_plane_subnet_id", "")
    yield Fact(_("Control plane subnet"), subnet, code=True, copy=True)
    if said := network.get("property"):
        read = ", ".join(str(said[key]) for key in ("NetworkType", "VpcCniType") if said.get(key))
        yield Fact(_("Read from"), read, note=_("DescribeClusters, Property"))


def _figures(facts: Facts) -> Iterator[Figure]:
    capacity: Facts = facts.get("capacity") or {}
    inside: Facts = facts.get("kubernetes") or {}
    yield _nodes(facts, capacity.get("nodes"), inside)
    per_node = capacity.get("pods_per_node")
    note = _("%(n)s per node at most") % {"n": per_node} if per_node else ""
    yield _usage(_("Pods"), capacity.get("pods"), inside.get("pods"), note)
    yield _usage(_("Services"), capacity.get("services"), inside.get("services"), "")


def _nodes(facts: Facts, usage: Facts | None, inside: Facts) -> Figure:
    nodes: Facts = facts.get("nodes") or {}
    total = inside.get("nodes", nodes.get("total"))
    ready, failed = inside.get("ready"), nodes.get("failed")
    beside = ""
    if ready is not None:
        beside = _("all Ready") if ready == total else _("%(n)s Ready") % {"n": ready}
    said = [_("TKE reports %(n)s failed") % {"n": failed}] if failed else []
    if cordoned := inside.get("cordoned"):
        said.append(_("Cordoned: %(names)s") % {"names": _some(cordoned)})
    if usage:
        said.append(_("%(n)s more fit") % {"n": number_format(usage["left"])})
    return Figure(_("Nodes"), total, note=". ".join(said), beside=beside)


def _some(names: Sequence[str]) -> str:
    told = ", ".join(names[:NAMED])
    more = len(names) - NAMED
    return told if more <= 0 else _("%(names)s and %(n)s more") % {"names": told, "n": more}


def _usage(label: str, usage: Facts | None, used: int | None, note: str) -> Figure:
    """`used` is None where the API server did not answer: unknown is not zero."""
    if usage is None:
        return Figure(label, used, note=note)
    if used is None:
        return Figure(label, None, usage["total"], note=_("The API server was not read"))
    left = _("%(n)s left") % {"n": number_format(usage["left"], force_grouping=True)}
    return Figure(label, used, usage["total"], note=f"{left}, {note}" if note else left)


def _quotas(facts: Facts) -> Iterator[Fact]:
    limits: Facts = facts.get("quotas") or {}
    for quota, label in QUOTAS.items():
        if limits.get(quota) is not None:
            yield Fact(_(label), number_format(limits[quota], force_grouping=True))


def _api_server(cluster: Cluster, endpoints: Facts) -> Iterator[Fact]:
    yield Fact(_("podgate uses"), cluster.server, code=True, copy=True)
    for label, key in ((_("Private access"), "private"), (_("Public access"), "public")):
        side: Facts = endpoints.get(key) or {}
        if side.get("status"):
            words, tone = ACCESS.get(side["status"], (side["status"], "info"))
            yield Fact(label, _(words), tone=tone)
        yield Fact(_("%(access)s address") % {"access": label}, side.get("address", ""), True, True)
        yield Fact(_("%(access)s domain") % {"access": label}, side.get("domain", ""), True, True)
        group = side.get("security_group", "")
        yield Fact(_("%(access)s security group") % {"access": label}, group, True, True)
    acl = ", ".join((endpoints.get("public") or {}).get("acl") or ())
    yield Fact(_("Public access list"), acl, code=True)
    subnet = (endpoints.get("private") or {}).get("subnet_id", "")
    yield Fact(_("Private access subnet"), subnet, code=True, copy=True)
    yield Fact(_("In cluster"), endpoints.get("in_cluster", ""), code=True, copy=True)
    yield Fact(_("Domain"), endpoints.get("domain", ""), code=True, copy=True)
