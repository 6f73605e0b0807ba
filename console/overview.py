"""The first page's rows: a cluster's facts made ready to print, filtered and sorted."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from console import container_routes
from console.attention import Standing
from console.models import Binder, Cluster
from console.network import AddOn, DirectAccess

# Words of DescribeClusters' ClusterStatus and how they are shown; Kubernetes' side has its own.
CLOUD_TONES = {
    "Running": "success",
    "Abnormal": "error",
    "Isolated": "error",
    "Deleting": "warning",
}
SHORT_ADD_ONS = {
    AddOn.GLOBAL_ROUTER: ("GlobalRouter", ""),
    AddOn.VPC_CNI_SHARED: ("VPC-CNI", gettext_noop("shared ENI")),
    AddOn.VPC_CNI_EXCLUSIVE: ("VPC-CNI", gettext_noop("exclusive ENI")),
    AddOn.MIXED: ("GlobalRouter + VPC-CNI", ""),
    AddOn.CILIUM_OVERLAY: ("Cilium-Overlay", ""),
}
# Direct access itself, and the readiness gates that podgate binds by.
OLDEST_FOR_DIRECT_ACCESS = {Binder.TKE: (1, 12), Binder.CONSOLE: (1, 14)}


@dataclass(frozen=True)
class Verdict:
    """Whether CLB-to-Pod direct access is possible: word, tone and a short why."""

    word: str
    tone: str
    why: str = ""


@dataclass(frozen=True)
class ClusterRow:
    cluster: Cluster
    name: str
    status: str
    status_tone: str
    status_note: str
    version: str
    add_on: str
    add_on_note: str
    direct: Verdict
    binder: str
    nodes_ready: int | None
    nodes: int | None
    standing: Standing


def row(cluster: Cluster, standing: Standing) -> ClusterRow:
    facts: dict[str, Any] = cluster.facts
    network = facts.get("network") or {}
    word, tone, note = status_of(cluster)
    add_on = AddOn(network.get("add_on", AddOn.UNKNOWN))
    short, more = SHORT_ADD_ONS.get(add_on, ("", ""))
    nodes = facts.get("nodes") or {}
    inside = facts.get("kubernetes") or {}
    return ClusterRow(
        cluster,
        name=facts.get("name", ""),
        status=word,
        status_tone=tone,
        status_note=note,
        version=version_of(cluster),
        add_on=short or _("Unknown"),
        add_on_note=_(more) if more else "",
        direct=direct_access(cluster),
        binder="podgate" if cluster.binder == Binder.CONSOLE else "TKE",
        nodes_ready=inside.get("ready", nodes.get("running")),
        nodes=inside.get("nodes", nodes.get("total")),
        standing=standing,
    )


def status_of(cluster: Cluster) -> tuple[str, str, str]:
    """Word, tone and note. An API server that does not answer comes before TKE's own word."""
    if not cluster.reachable:
        if cluster.seen_at is None and not cluster.unreachable_because:
            return _("Connecting"), "info", ""
        return _("Unreachable"), "error", cluster.unreachable_because
    word = cluster.facts.get("status") or ""
    if not word:
        return _("Reachable"), "success", _("TKE's own word is not known yet")
    return word, CLOUD_TONES.get(word, "info"), ""


def version_of(cluster: Cluster) -> str:
    """The API server's version without its build, else TKE's word."""
    said = cluster.kubernetes_version or (cluster.facts.get("kubernetes") or {}).get("version", "")
    return str(said).removeprefix("v").split("-")[0] or str(cluster.facts.get("version", ""))


def minor(version: str) -> tuple[int, int] | None:
    parts = version.split(".")
    try:
        return int(parts[0]), int(parts[1])
    except (IndexError, ValueError):
        return None


def direct_access(cluster: Cluster) -> Verdict:
    facts: dict[str, Any] = cluster.facts
    said = (facts.get("network") or {}).get("direct_access", DirectAccess.UNKNOWN)
    version = version_of(cluster)
    known, oldest = minor(version), OLDEST_FOR_DIRECT_ACCESS[Binder(cluster.binder)]
    if known and known < oldest:
        values = {"version": version, "oldest": "{}.{}".format(*oldest)}
        why = _("Kubernetes %(version)s, needs %(oldest)s or later") % values
        return Verdict(_("Not supported"), "idle", why)
    if said in {DirectAccess.READY, DirectAccess.PARTLY}:
        return _in_the_vpc(facts, partly=said == DirectAccess.PARTLY)
    if said == DirectAccess.NEEDS_CCN:
        return _over_the_ccn(cluster)
    if said == DirectAccess.UNSUPPORTED:
        return Verdict(_("Not supported"), "idle", _("Pods have overlay addresses"))
    return Verdict(_("Unknown"), "info", _("The network add-on could not be read"))


def _over_the_ccn(cluster: Cluster) -> Verdict:
    """GlobalRouter: the account, then the route to the container network."""
    if cluster.facts.get("account_type") == "LEGACY":
        why = _("The account is billed by CVM (LEGACY)")
        return Verdict(_("Needs a bill-by-IP account"), "error", why)
    connected = container_routes.restored(cluster.facts.get("ccn"))
    if connected and connected.enabled:
        return Verdict(_("Ready"), "success", _("Over %(ccn)s") % {"ccn": connected.ccn_id})
    if cluster.ticket_route:
        return Verdict(_("Ready"), "success", _("Over a route made by ticket"))
    return Verdict(_("Needs CCN"), "warning", _("Pods have addresses of the container network"))


def _in_the_vpc(facts: dict[str, Any], *, partly: bool) -> Verdict:
    subnets = facts.get("subnets") or []
    free = sum(subnet["free"] for subnet in subnets)
    if subnets and free == 0:
        return Verdict(_("No free IP"), "error", _("The ENI subnets have no address left"))
    why = ""
    if subnets:
        why = ngettext(
            "%(free)s free IPs in %(n)s subnet", "%(free)s free IPs in %(n)s subnets", len(subnets)
        ) % {"free": f"{free:,}", "n": len(subnets)}
    if partly:
        return Verdict(_("Ready"), "success", _("For Pods with an ENI address"))
    return Verdict(_("Ready"), "success", why)


SORTS = {
    "id": lambda row: row.cluster.cluster_id,
    "status": lambda row: (row.status, row.cluster.cluster_id),
    "version": lambda row: (minor(row.version) or (0, 0), row.cluster.cluster_id),
    "region": lambda row: (row.cluster.account.region, row.cluster.cluster_id),
}


def chosen(rows: Iterable[ClusterRow], *, words: str, add_on: str, sort: str) -> list[ClusterRow]:
    """The rows that match, in the order asked for."""
    words = words.strip().lower()
    found = [
        row
        for row in rows
        if words in f"{row.cluster.cluster_id} {row.name}".lower() and add_on in ("", row.add_on)
    ]
    by = SORTS.get(sort.lstrip("-"), SORTS["id"])
    return sorted(found, key=by, reverse=sort.startswith("-"))
