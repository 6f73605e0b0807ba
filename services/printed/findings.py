"""Findings ready to print: words, tones and addresses; the same for pages and for `explain`."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from console.models import Cluster
from services.diagnosis.finding import Code, Finding, Proof, Ref, Severity
from services.printed import fixes
from services.waiting import told
from workloads.actions.words import ACTIONS
from workloads.rollouts import KINDS

TONES = {Severity.BLOCKS: "error", Severity.WARNS: "warning", Severity.INFORMS: "info"}
# So many pieces of evidence are shown at once; all are in the bundle.
EVIDENCE = 4
# So many Pods are named at once; the others are folded.
NAMED = 3
_ROLLS = {Code.MAX_UNAVAILABLE, Code.IN_ORDER}


@dataclass(frozen=True)
class ProofLine:
    source: str
    field: str
    value: str
    url: str


@dataclass(frozen=True)
class FindingLine:
    """`key` stays while other findings come and go, so that what was unfolded stays so."""

    key: str
    code: str
    tone: str
    text: str
    next_step: str
    evidence: tuple[ProofLine, ...]
    # Where to go on: (words, address); empty where the page itself is the place.
    link: tuple[str, str]
    # What an operator can have podgate do: (words, address), the first is the best.
    actions: tuple[tuple[str, str], ...]
    # The Pods it is true of, as (name, address): the first, and those that are folded.
    about: tuple[tuple[str, str], ...]
    more: tuple[tuple[str, str], ...]


def lines(cluster: Cluster, findings: Iterable[Finding], *, here: Ref) -> list[FindingLine]:
    """`here` is the object of the page, which needs no link to itself.

    What the traffic guard holds has a place of its own on these pages, with its own buttons.
    """
    shown = [one for one in findings if one.code is not Code.HELD]
    # While a rollout waits for Pods that do not start there is a way back.
    rolls = any(one.code in _ROLLS for one in shown) and here.kind in KINDS
    seen: Counter[Code] = Counter()
    made = []
    for one in shown:
        seen[one.code] += 1
        made.append(_line(cluster, one, here, key=f"{one.code.value}-{seen[one.code]}"))
        if rolls and one.severity is Severity.BLOCKS and here.kind != "DaemonSet":
            back = _action(cluster, here, "rollback", _("Roll back"))
            made[-1] = replace(made[-1], actions=(*made[-1].actions, back))
            rolls = False
    return made


def _line(cluster: Cluster, finding: Finding, here: Ref, *, key: str) -> FindingLine:
    link = None if finding.link in (here, *finding.about) else finding.link
    about = tuple((ref.name, url(cluster, ref)) for ref in finding.about if ref != here)
    return FindingLine(
        key=key,
        code=finding.code.value,
        tone=TONES[finding.severity],
        text=told(finding.sentence),
        next_step=told(finding.next_step),
        evidence=tuple(_proof(cluster, one) for one in finding.evidence[:EVIDENCE]),
        link=(str(link), url(cluster, link)) if link and url(cluster, link) else ("", ""),
        actions=_actions(cluster, finding, here),
        about=about[:NAMED],
        more=about[NAMED:],
    )


def _proof(cluster: Cluster, one: Proof) -> ProofLine:
    return ProofLine(one.source, one.field, told(one.value), url(cluster, one.ref))


def _actions(cluster: Cluster, finding: Finding, here: Ref) -> tuple[tuple[str, str], ...]:
    """What podgate can do about it; each leads to a preview that asks first."""
    if finding.remedy is not None:
        remedy = finding.remedy
        where = fixes.address(cluster.cluster_id, remedy, back=url(cluster, here))
        return ((fixes.button(remedy), where),)
    link = finding.link
    if link is None or link.kind not in KINDS:
        return ()
    if finding.code is Code.NO_SERVICE:
        query = urlencode(
            {"namespace": link.namespace, "workload": f"{link.kind.lower()}/{link.name}"}
        )
        where = reverse("create_service", args=[cluster.cluster_id])
        return ((_("Create a Service"), f"{where}?{query}"),)
    if finding.code is Code.NO_GATE and finding.severity is not Severity.INFORMS:
        place = [cluster.cluster_id, link.kind.lower(), link.namespace, link.name]
        return ((_("Roll to inject"), reverse("roll_to_inject", args=place)),)
    if finding.code is Code.IMAGE_PULL:
        return (_action(cluster, link, "images", str(ACTIONS["images"][2])),)
    if finding.code is Code.PAUSED:
        return (_action(cluster, link, "resume", _("Resume")),)
    if finding.code is Code.PROGRESS_DEADLINE and link.kind != "DaemonSet":
        return (_action(cluster, link, "rollback", _("Roll back")),)
    return ()


def _action(cluster: Cluster, ref: Ref, action: str, words: str) -> tuple[str, str]:
    where = reverse("workload_action", args=[cluster.cluster_id, ref.kind.lower(), action])
    return words, f"{where}?{urlencode({'on': f'{ref.namespace}/{ref.name}'})}"


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
