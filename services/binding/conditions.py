"""Writes our condition on Pods, each on its own, several at a time; what opens comes first."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from itertools import batched
from math import ceil
from typing import NamedTuple

from console.kinds import Condition, Pod
from console.kube import Conflict, Kube, KubeError, NotFound, path
from services.binding import events
from services.binding.pods import is_open

# Threads that live as long as the process, so their connections do too.
OPENING, EXPLAINING = 8, 2
_opening = ThreadPoolExecutor(OPENING, thread_name_prefix="gates")
_explaining = ThreadPoolExecutor(EXPLAINING, thread_name_prefix="explaining")


class Outcome(Enum):
    WRITTEN = auto()
    GONE = auto()
    BEHIND = auto()


type End = Outcome | KubeError


@dataclass(frozen=True)
class Change:
    """What the gate of this Pod, as it was looked at, is to say."""

    pod: Pod
    condition: Condition

    @property
    def opens(self) -> bool:
        """Else the gate stays as it is, and only says something else."""
        return self.is_true and not is_open(self.pod, self.condition.type)

    @property
    def is_true(self) -> bool:
        return self.condition.status == "True"


class Written(NamedTuple):
    """The gates that were written; `is_behind`: of some, something newer was there already."""

    changes: list[Change]
    is_behind: bool


def write(kube: Kube, namespace: str, changes: Iterable[Change]) -> Written:
    """Each Pod on its own: one that is gone meanwhile is nobody's trouble."""
    changes = list(changes)
    opens = [change for change in changes if change.opens]
    says = [change for change in changes if not change.opens]
    # Those that open have their own threads: where none does, nobody waits.
    asked = [*_shared_out(_opening, OPENING, kube, opens)]
    asked += _shared_out(_explaining, EXPLAINING, kube, says)
    wait(asked)
    ends = [end for one in asked for end in one.result()]
    written = [change for change, end in ends if end is Outcome.WRITTEN]
    _tell(kube, namespace, written)
    for _, end in ends:
        if isinstance(end, KubeError):
            raise end
    return Written(written, any(end is Outcome.BEHIND for _, end in ends))


def _shared_out(
    pool: ThreadPoolExecutor, threads: int, kube: Kube, changes: Sequence[Change]
) -> Iterator[Future[list[tuple[Change, End]]]]:
    """A share for each thread: handing over every Pod costs half as much as its patch."""
    share = ceil(len(changes) / threads)
    for some in batched(changes, share) if changes else ():
        yield pool.submit(copy_context().run, _patch_each, kube, some)


def _patch_each(kube: Kube, changes: Iterable[Change]) -> list[tuple[Change, End]]:
    found: list[tuple[Change, End]] = []
    for change in changes:
        try:
            found.append((change, _patch(kube, change)))
        except KubeError as error:
            found.append((change, error))
    return found


def _patch(kube: Kube, change: Change) -> Outcome:
    """Our condition only, merged by type, and only on the Pod that was looked at."""
    pod, condition = change.pod, change.condition
    metadata = {"uid": pod.metadata.uid}
    if not change.is_true:
        # Another worker may have opened it since: what is open never closes.
        metadata["resourceVersion"] = pod.metadata.resource_version
    body = {
        "metadata": metadata,
        "status": {
            "conditions": [
                {
                    "type": condition.type,
                    "status": condition.status,
                    "reason": condition.reason,
                    "message": condition.message,
                    "lastTransitionTime": _time(condition.last_transition_time),
                    "lastProbeTime": _time(condition.last_probe_time),
                }
            ]
        },
    }
    where = path("Pod", pod.metadata.namespace, pod.metadata.name, "status")
    try:
        kube.patch(where, body, kind="strategic")
    except NotFound:
        return Outcome.GONE
    except Conflict:
        # It changed, or another Pod has its name: the uid is a precondition.
        return Outcome.GONE if change.is_true else Outcome.BEHIND
    return Outcome.WRITTEN


def _time(when: datetime | None) -> str | None:
    if when is None:
        return None
    return when.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _tell(kube: Kube, namespace: str, written: Sequence[Change]) -> None:
    """Pages of Pods are drawn anew by the watcher, when the index has what was written."""
    opened = [change for change in written if change.opens]
    if len(opened) > events.POD_EVENTS:
        return
    for change in opened:
        metadata = change.pod.metadata
        events.on_pod(
            kube, namespace, metadata.name, metadata.uid, "GateOpened", change.condition.message
        )
