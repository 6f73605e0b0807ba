"""Whose marks a Service carries; two controllers on one Service undo each other's work. Pure."""

from services.binding import cluster
from services.limits import Problem, Sentence, Severity
from services.spec import FINALIZER, claimed_by

ONE_ONLY = (
    "Let one of the two bind it: take podgate's class, annotation or finalizer away, or make the"
    " Service anew so that TKE has never touched it."
)


def both(service: cluster.Service) -> list[Problem]:
    """The problem of a Service with podgate's marks and TKE's."""
    claim, mark = claimed_by(service), cluster.tke_mark(service)
    if not mark or not (claim or cluster.has_finalizer(service)):
        return []
    words = Sentence(
        "The Service carries the marks of both controllers: podgate's %(ours)s and TKE's "
        "%(theirs)s. Each would undo what the other binds.",
        ours=f"claim by {claim}" if claim else f"finalizer {FINALIZER}",
        theirs=mark,
    )
    return [Problem("TwoControllers", Severity.BLOCKS, words, ONE_ONLY)]
