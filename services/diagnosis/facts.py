"""What a diagnosis looks at; gathered by `services.diagnosis.gather`; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.binding.waits import Wait, Way
from services.limits import Problem
from services.limits.facts import Unread
from workloads.pods import PodRow
from workloads.rollouts import WorkloadRow

__all__ = [
    "BindingFacts",
    "BudgetFacts",
    "Difference",
    "EventFacts",
    "NodeFacts",
    "PodFacts",
    "Surroundings",
    "ServiceFacts",
    "Unread",
    "WorkloadFacts",
]


@dataclass(frozen=True)
class EventFacts:
    """A Kubernetes Event about the object at hand; the newest come first."""

    reason: str
    message: str
    at: datetime | None = None
    count: int = 1


@dataclass(frozen=True)
class NodeFacts:
    """`ready` is the condition's status; empty when there is no such Node."""

    name: str
    ready: str = "True"
    reason: str = ""
    message: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class BudgetFacts:
    """A PodDisruptionBudget that covers Pods at hand."""

    namespace: str
    name: str
    allowed: int
    healthy: int
    desired: int


@dataclass(frozen=True)
class Surroundings:
    """What is true of podgate and the cluster, whatever is looked at."""

    now: datetime
    gate_type: str = ""
    console_binds: bool = True
    # Roles that do not work, with the seconds since they were seen; None: not in an hour.
    silent: Mapping[str, float | None] = field(default_factory=dict, hash=False)
    # Why the cluster is not reached, and since when nothing was heard of it.
    unreachable: str = ""
    seen_at: datetime | None = None
    name: str = ""


@dataclass(frozen=True)
class PodFacts:
    """`None` is what nobody asked for, `Unread` what could not be read."""

    pod: PodRow
    around: Surroundings
    wait: Wait | None = None
    ways: tuple[Way, ...] = ()
    events: tuple[EventFacts, ...] | Unread | None = None
    node: NodeFacts | Unread | None = None
    # Those that cover it, where its node is cordoned: somebody empties it.
    budgets: tuple[BudgetFacts, ...] = ()
    # What the use limits say of the way from the CLB to this Pod.
    closed: tuple[Problem, ...] = ()
    # A rollout that began after it was created is under way: it is about to be replaced.
    replaced: bool = False
    # Managers other than podgate that write our gate's condition.
    writers: tuple[str, ...] = ()
    # Since when it is terminating, and how long its containers may take.
    ending: datetime | None = None
    grace: int = 30


@dataclass(frozen=True)
class WorkloadFacts:
    row: WorkloadRow
    around: Surroundings
    # Those that may have something to tell.
    pods: tuple[PodFacts, ...] = ()
    # More Pods are unwell than were looked at closely.
    more: bool = False
    # Of all its Pods.
    revisions: frozenset[str] = frozenset()
    events: tuple[EventFacts, ...] | Unread | None = None
    budgets: tuple[BudgetFacts, ...] = ()
    # Nodes of its Pods that are cordoned: somebody empties them.
    cordoned: tuple[str, ...] = ()
    # Of the Deployment's condition ReplicaFailure.
    failure: str = ""
    # Who holds the rollout, when it is podgate's traffic guard.
    held: str = ""


@dataclass(frozen=True)
class Difference:
    """What the load balancer has other than podgate wrote: found by a live look."""

    what: str
    field: str
    value: str


@dataclass(frozen=True)
class BindingFacts:
    """How far a claimed Service's load balancer has come."""

    phase: str
    message: str = ""
    problems: tuple[Problem, ...] = ()
    lb_id: str = ""
    lb_status: str = ""
    vip: str = ""
    # When this load balancer took the place of one that was deleted outside podgate.
    replaced_at: datetime | None = None
    # What keeps clients from targets that may be Alive all the same.
    closed: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class ServiceFacts:
    namespace: str
    name: str
    around: Surroundings
    binding: BindingFacts | None = None
    is_claimed: bool = False
    selector: Mapping[str, str] = field(default_factory=dict, hash=False)
    pods: tuple[PodFacts, ...] = ()
    # More Pods are unwell than were looked at closely.
    more: bool = False
    selected: int = 0
    # Workloads whose Pods it would select, and that want none: (kind, name).
    at_zero: tuple[tuple[str, str], ...] = ()
    differences: Sequence[Difference] | Unread | None = None
    # Why nobody here binds it, of a Service that looks as if it should be bound.
    unbound: str = ""
