"""What many Pods suffer from, said once: "3 Pods: ..." instead of three times the same; pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from services.diagnosis.containers import pod_ref
from services.diagnosis.facts import PodFacts
from services.diagnosis.finding import Code, Finding, Ref, Sentence, Severity
from services.diagnosis.pods import findings

# Shown beside a finding that is true of many Pods.
NAMED = 10
# True of podgate or a node, not of the Pod it was found with.
_COMMON = {Code.BINDER_DOWN, Code.CLUSTER_UNREACHABLE, Code.BUDGET}


def gathered(pods: Iterable[PodFacts]) -> Iterator[Finding]:
    """One finding per cause; the first Pod's words and evidence speak for all that share it."""
    groups: dict[tuple[Code, str], list[tuple[PodFacts, Finding]]] = defaultdict(list)
    for facts in pods:
        for finding in findings(facts):
            groups[finding.code, _cause(finding)].append((facts, finding))
    for found in groups.values():
        yield _one(found)


def _cause(finding: Finding) -> str:
    """What has to be the same; waiting is waiting, however many seconds are left."""
    if finding.code in {Code.BINDER_DOWN, Code.SECURITY_GROUP, Code.NODE_NOT_READY, Code.NO_GATE}:
        return str(finding.evidence[0]) if finding.evidence else ""
    if finding.code is Code.BUDGET:
        return str(finding.evidence[0])
    return finding.next_step


def _one(found: list[tuple[PodFacts, Finding]]) -> Finding:
    facts, first = found[0]
    if first.code in _COMMON:
        return first
    about = tuple(dict.fromkeys(pod_ref(each) for each, _ in found))
    if len(about) == 1:
        words = Sentence("Pod %(name)s: %(said)s", name=facts.pod.name, said=first.sentence)
    else:
        words = Sentence("%(n)s Pods: %(said)s", n=len(about), said=_longest(found).sentence)
    return replace(first, sentence=words, about=about[:NAMED], link=_link(first, about))


def _longest(found: list[tuple[PodFacts, Finding]]) -> Finding:
    """Of those that wait, who waits longest; their numbers say how bad it is."""

    def number(pair: tuple[PodFacts, Finding]) -> float:
        wait = pair[0].wait
        return wait.left if wait is not None and pair[1].severity is Severity.INFORMS else 0.0

    return max(found, key=number)[1]


def _link(first: Finding, about: tuple[Ref, ...]) -> Ref | None:
    return first.link or about[0]
