"""podgate's own processes and its way to the cluster: without them nothing else moves; pure."""

from collections.abc import Iterator

from services.diagnosis.facts import Surroundings
from services.diagnosis.finding import Code, Finding, Proof, Ref, Sentence, Severity

_RESTS = {
    "worker": Sentence("Nothing is bound or unbound until it runs again."),
    "ticker": Sentence("Nothing that is due is started until it runs again."),
    "watcher": Sentence("Changes in the clusters are not seen until it runs again."),
}
START = Sentence("Start it again, and look into its log for why it ended.")


def findings(around: Surroundings) -> Iterator[Finding]:
    """Only to be told where something waits: all else is well without them for a while."""
    if around.unreachable:
        yield _unreachable(around)
    for role, age in around.silent.items():
        yield _silent(role, age)


def _silent(role: str, age: float | None) -> Finding:
    rest = _RESTS.get(role, Sentence(""))
    words = Sentence(
        "podgate's %(role)s was not seen in the last hour. %(rest)s", role=role, rest=rest
    )
    if age is not None:
        words = Sentence(
            "podgate's %(role)s was last seen %(n)s s ago. %(rest)s",
            role=role,
            n=round(age),
            rest=rest,
        )
    seen = Sentence("never") if age is None else Sentence("%(n)s s ago", n=round(age))
    proof = Proof("podgate", f"alive.{role}", seen)
    return Finding(Code.BINDER_DOWN, Severity.BLOCKS, words, (proof,), START)


def _unreachable(around: Surroundings) -> Finding:
    words = Sentence(
        "The API server of %(name)s is not reached: %(why)s What is shown is older than that.",
        name=around.name,
        why=f"{around.unreachable.rstrip('.')}.",
    )
    proof = Proof("Cluster", "unreachable_because", around.unreachable)
    step = Sentence("Run `manage.py check_access` for this cluster.")
    ref = Ref("Cluster", "", around.name)
    return Finding(Code.CLUSTER_UNREACHABLE, Severity.BLOCKS, words, (proof,), step, ref)
