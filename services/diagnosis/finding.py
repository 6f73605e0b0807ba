"""What a diagnosis says: why something is stuck, what shows it, and what to do next; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from services.limits import Remedy, Sentence, Severity

__all__ = ["Code", "Finding", "Proof", "Ref", "Remedy", "Sentence", "Severity", "ordered"]


class Code(StrEnum):
    """Every kind of finding; causes stand before what follows from them."""

    # podgate itself, and what it looks at.
    BINDER_DOWN = "BinderDown"
    CLUSTER_UNREACHABLE = "ClusterUnreachable"
    TWO_OWNERS = "TwoOwners"
    BLOCKED = "Blocked"
    CLB_GONE = "ClbGone"
    CLB_CHANGED = "ClbChanged"
    SECURITY_GROUP = "SecurityGroup"
    # A Pod on its way to its containers.
    NODE_GONE = "NodeGone"
    NODE_NOT_READY = "NodeNotReady"
    UNSCHEDULABLE = "Unschedulable"
    SCHEDULING_GATED = "SchedulingGated"
    NO_IP = "NoIP"
    IMAGE_PULL = "ImagePull"
    INIT_CONTAINER = "InitContainer"
    CONTAINER_ERROR = "ContainerError"
    CRASH_LOOP = "CrashLoop"
    LIVENESS_PROBE = "LivenessProbe"
    READINESS_PROBE = "ReadinessProbe"
    NOT_READY = "ContainersNotReady"
    # A Pod on its way through the gate.
    DEAD = "Dead"
    QUOTA = "Quota"
    EXCLUDED = "Excluded"
    NO_GATE = "NoGate"
    NO_SERVICE = "NoService"
    OVERDUE = "Overdue"
    LEASE = "Lease"
    THROTTLED = "Throttled"
    BUSY = "Busy"
    RETRYING = "Retrying"
    REGISTERING = "Registering"
    CHECKING = "Checking"
    OPENING = "Opening"
    OTHER_GATE = "OtherGate"
    DEAD_LATER = "DeadLater"
    # Workloads and Services.
    REPLICA_FAILURE = "ReplicaFailure"
    PROGRESS_DEADLINE = "ProgressDeadlineExceeded"
    HELD = "HeldByTrafficGuard"
    PAUSED = "Paused"
    MAX_UNAVAILABLE = "WaitingOnMaxUnavailable"
    IN_ORDER = "WaitingInOrder"
    ON_DELETE = "OnDelete"
    PARTITION = "Partition"
    BUDGET = "PodDisruptionBudget"
    NO_PODS = "NoPods"
    NOT_BOUND = "NotBound"
    WARNING = "Warning"
    TERMINATING = "Terminating"


_RANK = {Severity.BLOCKS: 0, Severity.WARNS: 1, Severity.INFORMS: 2}
_ORDER = {code: number for number, code in enumerate(Code)}


@dataclass(frozen=True)
class Ref:
    """An object that has a page; a Node and a Pod's Events have lists."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {place}{self.name}"


@dataclass(frozen=True)
class Proof:
    """Where a sentence was read: object or API, field, and what stood there."""

    source: str
    field: str
    value: str
    ref: Ref | None = None

    def __str__(self) -> str:
        return f"{self.source} {self.field} = {self.value}"


@dataclass(frozen=True)
class Finding:
    """`about` are the Pods it is true of, where it was found for many of them."""

    code: Code
    severity: Severity
    sentence: str
    evidence: tuple[Proof, ...] = ()
    next_step: str = ""
    link: Ref | None = None
    remedy: Remedy | None = None
    about: tuple[Ref, ...] = ()


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The worst first, and causes before their consequences; each said once."""
    unique = {(one.code, str(one.sentence)): one for one in reversed(list(findings))}
    return tuple(
        sorted(
            unique.values(), key=lambda one: (_RANK[one.severity], _ORDER[one.code], one.sentence)
        )
    )
