"""Findings ready to print: words, tones and addresses; the same for pages and for `explain`."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from console.access import Role
from console.models import Cluster
from services.diagnosis.finding import Finding, Proof, Ref, Remedy, Severity
from services.waiting import told

TONES = {Severity.BLOCKS: "error", Severity.WARNS: "warning", Severity.INFORMS: "info"}
# So many pieces of evidence are shown at once; all are in the bundle.
EVIDENCE = 4


@dataclass(frozen=True)
class ProofLine:
    source: str
    field: str
    value: str
    url: str


@dataclass(frozen=True)
class FindingLine:
    code: str
    tone: str
    text: str
    next_step: str
    evidence: tuple[ProofLine, ...]
    # Where to go on: (words, address); empty where the page itself is the place.
    link: tuple[str, str]
    remedy: tuple[str, str]
    about: tuple[tuple[str, str], ...]


def lines(cluster: Cluster, findings: Iterable[Finding], *, here: Ref) -> list[FindingLine]:
    """`here` is the object of the page, which needs no link to itself."""
    return [_line(cluster, finding, here) for finding in findings]


def _line(cluster: Cluster, finding: Finding, here: Ref) -> FindingLine:
    link = finding.link if finding.link != here else None
    return FindingLine(
        code=finding.code.value,
        tone=TONES[finding.severity],
        text=told(finding.sentence),
        next_step=told(finding.next_step),
        evidence=tuple(_proof(cluster, one) for one in finding.evidence[:EVIDENCE]),
        link=(str(link), url(cluster, link)) if link and url(cluster, link) else ("", ""),
        remedy=_remedy(cluster, finding.remedy, here),
        about=tuple((ref.name, url(cluster, ref)) for ref in finding.about if ref != here),
    )


def _proof(cluster: Cluster, one: Proof) -> ProofLine:
    return ProofLine(one.source, one.field, told(one.value), url(cluster, one.ref))


def _remedy(cluster: Cluster, remedy: Remedy | None, here: Ref) -> tuple[str, str]:
    """A preview and a confirmation; nothing is done by the link itself."""
    if remedy is None:
        return "", ""
    words = {
        "open-security-group": _("Add the missing rule"),
        "register-ccn": _("Register with the CCN"),
    }
    query = urlencode({**remedy.parameters, "next": url(cluster, here)})
    where = reverse("remedy", args=[cluster.cluster_id, remedy.name])
    return words.get(remedy.name, _("Mend it")), f"{where}?{query}"


def needs(remedy: object) -> Role:
    """Who may press it."""
    return Role.OPERATOR if remedy else Role.VIEWER


def url(cluster: Cluster, ref: Ref | None) -> str:
    """The page of an object; a Node has the list of its Pods."""
    if ref is None:
        return ""
    cluster_id = cluster.cluster_id
    if ref.kind == "Node":
        return f"{reverse('pods', args=[cluster_id])}?node={quote(ref.name)}"
    if ref.kind == "Cluster":
        return reverse("cluster", args=[cluster_id])
    if not (ref.namespace and ref.name):
        return ""
    if ref.kind == "Pod":
        return reverse("pod", args=[cluster_id, ref.namespace, ref.name])
    if ref.kind == "Service":
        return reverse("service", args=[cluster_id, ref.namespace, ref.name])
    return reverse("workload", args=[cluster_id, ref.kind.lower(), ref.namespace, ref.name])
