"""What many Pods suffer from, said once: "3 Pods: ..." instead of three times the same; pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from services.diagnosis.containers import pod_ref
from services.diagnosis.facts import PodFacts
from services.diagnosis.finding import Code, Finding, Ref, Sentence, Severity
from services.diagnosis.pods import findings

# True of podgate or a node, not of the Pod it was found with.
_COMMON = {Code.BINDER_DOWN, Code.CLUSTER_UNREACHABLE, Code.BUDGET}
# What tells one cause from another of the same kind.
_BY_EVIDENCE = {Code.BINDER_DOWN, Code.SECURITY_GROUP, Code.NODE_NOT_READY, Code.BUDGET}
_BY_WORDS = {Code.NO_GATE, Code.BLOCKED}
# Values of a sentence that name what it is about: other containers, listeners, gates are others.
_NAMES = ("image", "name", "listener", "way", "service", "gate")


def gathered(pods: Iterable[PodFacts], more: bool = False) -> Iterator[Finding]:
    """One finding per cause; the first Pod's words and evidence speak for all that share it.

    `more`: there are others that were not looked at, so a count is "at least".
    """
    groups: dict[tuple[object, ...], list[tuple[PodFacts, Finding]]] = defaultdict(list)
    for facts in pods:
        for finding in findings(facts):
            groups[finding.code, *_cause(finding)].append((facts, finding))
    for found in groups.values():
        yield _one(found, more)


def _cause(finding: Finding) -> tuple[object, ...]:
    """What has to be the same; waiting is waiting, however many seconds are left."""
    if finding.code in _BY_EVIDENCE:
        return finding.evidence[:1]
    if finding.code in _BY_WORDS:
        return (finding.sentence,)
    values = finding.sentence.values if isinstance(finding.sentence, Sentence) else {}
    return (finding.next_step, *(str(values.get(name, "")) for name in _NAMES))


def _one(found: list[tuple[PodFacts, Finding]], more: bool) -> Finding:
    facts, first = found[0]
    if first.code in _COMMON:
        return first
    about = tuple(dict.fromkeys(pod_ref(each) for each, _ in found))
    if len(about) == 1 and not more:
        words = Sentence("Pod %(name)s: %(said)s", name=facts.pod.name, said=first.sentence)
    else:
        n = f"{len(about)}+" if more else len(about)
        words = Sentence("%(n)s Pods: %(said)s", n=n, said=_longest(found).sentence)
    return replace(first, sentence=words, about=about, link=_link(first, about))


def _longest(found: list[tuple[PodFacts, Finding]]) -> Finding:
    """Of those that wait, who waits longest; their numbers say how bad it is."""

    def number(pair: tuple[PodFacts, Finding]) -> float:
        wait = pair[0].wait
        return wait.left if wait is not None and pair[1].severity is Severity.INFORMS else 0.0

    return max(found, key=number)[1]


def _link(first: Finding, about: tuple[Ref, ...]) -> Ref | None:
    return first.link or about[0]
