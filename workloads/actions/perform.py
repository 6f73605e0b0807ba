"""An action at the API server: first as a dry run that shows its difference, then for good.

What was looked at is what is done: when somebody changed the object in between, nothing is
written and the operator looks again. Status updates in between do not count.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime

from console import activity, differences, doors, kube, live, secrets
from console.models import Cluster
from workloads.actions import changes, outlook, revisions
from workloads.actions.changes import Action, Impossible, Manifest, Why
from workloads.actions.outlook import Consequence, Pace
from workloads.behind import behind
from workloads.models import Pod, Workload

# A status that changes between our read and our write is not worth an error.
ATTEMPTS = 4
# Pods that tell how long a start takes.
SAMPLE = 20
USUAL_START_SECONDS = 2.0


@dataclass(frozen=True)
class Subject:
    """One workload an action is for."""

    kind: str
    namespace: str
    name: str

    @property
    def word(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class Preview:
    """What would come of it, or why nothing does; `seen` is the state that was looked at."""

    subject: Subject
    seen: str = ""
    lines: Sequence[differences.Line] = ()
    consequences: Sequence[Consequence] = ()
    impossible: Why | None = None
    refused: str = ""
    request_id: str = ""
    gone: bool = False
    live: Manifest = field(default_factory=dict)

    @property
    def is_possible(self) -> bool:
        return not (self.impossible or self.refused or self.gone)


class Changed(Exception):
    """Somebody changed the object since it was looked at."""


def read(cluster: Cluster, subject: Subject) -> dict[str, Any]:
    """The live object. KubeError."""
    where = kube.path(subject.kind, subject.namespace, subject.name)
    return kube.connect(cluster).get(where)


def preview(cluster: Cluster, subject: Subject, action: Action, before: Manifest) -> Preview:
    """A server-side dry run of the action on the object as it was just read."""
    seen = state_of(before)
    try:
        body = changes.patch(subject.kind, before, action)
        where = kube.path(subject.kind, subject.namespace, subject.name)
        after = kube.connect(cluster).patch(where, body, dryRun="All")
    except Impossible as error:
        return Preview(subject, seen, impossible=error.why, live=before)
    except kube.NotFound:
        return Preview(subject, gone=True)
    except kube.KubeError as error:
        return Preview(
            subject, seen, refused=error.message, request_id=error.request_id, live=before
        )
    return Preview(
        subject,
        seen,
        lines=differences.difference(changes.shown(before), changes.shown(after)),
        consequences=_consequences(cluster, subject, before, after),
        live=before,
    )


def unreadable(subject: Subject, error: Exception) -> Preview:
    if isinstance(error, kube.NotFound):
        return Preview(subject, gone=True)
    return Preview(subject, refused=str(error), request_id=getattr(error, "request_id", ""))


def state_of(found: Manifest) -> str:
    """Changes with every change of the spec or of the object itself, not with its status."""
    metadata = found["metadata"]
    return f"{metadata['uid']}/{metadata.get('generation', 0)}"


def apply(
    user: User | AnonymousUser | None,
    cluster: Cluster,
    subject: Subject,
    action: Action,
    *,
    verb: str,
    seen: str = "",
    message: str = "",
) -> None:
    """Do it, one Activity row either way. Changed, Impossible or KubeError says why not."""
    done = _Done()
    with doors.recording() as calls:
        try:
            _attempt(cluster, subject, action, done, seen=seen)
        except (kube.KubeError, secrets.Unreadable, Impossible, Changed) as error:
            done.trouble = _words(error)
            raise
        finally:
            activity.record(
                user,
                verb,
                cluster=cluster.cluster_id,
                kind=subject.kind,
                namespace=subject.namespace,
                name=subject.name,
                before=done.before and changes.shown(done.before),
                after=done.after and changes.shown(done.after),
                ok=not done.trouble,
                message=done.trouble or message,
                calls=calls,
            )
    live.announce(
        f"{cluster.cluster_id}/workloads/{subject.kind.lower()}/{subject.namespace}/{subject.name}"
    )


@dataclass
class _Done:
    """What an attempt came to, for the audit trail."""

    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    trouble: str = ""


def _attempt(cluster: Cluster, subject: Subject, action: Action, done: _Done, *, seen: str) -> None:
    for attempt in range(ATTEMPTS):
        done.before = read(cluster, subject)
        if seen and state_of(done.before) != seen:
            raise Changed
        try:
            done.after = _write(cluster, subject, action, done.before)
            return
        except kube.Conflict:
            if attempt == ATTEMPTS - 1:
                raise


def _write(cluster: Cluster, subject: Subject, action: Action, before: Manifest) -> dict[str, Any]:
    body = changes.patch(subject.kind, before, action)
    metadata = body.get("metadata") or {}
    exact = {name: before["metadata"][name] for name in ("uid", "resourceVersion")}
    where = kube.path(subject.kind, subject.namespace, subject.name)
    return kube.connect(cluster).patch(where, body | {"metadata": metadata | exact})


def _words(error: Exception) -> str:
    if isinstance(error, Changed):
        return "The object was changed since it was looked at; nothing was written."
    if isinstance(error, Impossible):
        return f"Not possible: {error.why}."
    return getattr(error, "message", "") or str(error)


def _consequences(
    cluster: Cluster, subject: Subject, before: Manifest, after: Manifest
) -> tuple[Consequence, ...]:
    rows = Workload.objects.filter(
        cluster=cluster, kind=subject.kind, namespace=subject.namespace, name=subject.name
    )
    row = rows.order_by("-created_at").first()
    in_front = behind(cluster, row) if row else []
    pace = pace_of(cluster, subject)
    if not changes.same_template(before["spec"]["template"], after["spec"]["template"]):
        pace = replace(pace, kept=_kept(cluster, subject, after))
    return outlook.consequences(subject.kind, before, after, in_front, pace)


def _kept(cluster: Cluster, subject: Subject, after: Manifest) -> int:
    """How many of its Pods have the template to come already: of a rollout that is turned back."""
    try:
        known = revisions.read(kube.connect(cluster), subject.kind, after)
    except (kube.KubeError, secrets.Unreadable):
        return 0
    wanted = next((one for one in known if one.is_current), None)
    if wanted is None:
        return 0
    # A Pod is labelled with the hash, which is the revision's name, with or without the workload's.
    names = {wanted.name, wanted.name.removeprefix(f"{subject.name}-")}
    return _pods(cluster, subject).filter(revision__in=names).count()


def _pods(cluster: Cluster, subject: Subject) -> QuerySet[Pod]:
    return Pod.objects.filter(
        cluster=cluster,
        namespace=subject.namespace,
        workload_kind=subject.kind,
        workload_name=subject.name,
        terminating=False,
    )


def pace_of(cluster: Cluster, subject: Subject) -> Pace:
    """How fast its newest Pods got their containers ready, by the index."""
    pods = _pods(cluster, subject)
    took = sorted(filter(None, map(_start_seconds, pods.order_by("-created_at")[:SAMPLE])))
    middle = took[len(took) // 2] if took else USUAL_START_SECONDS
    return Pace(start_seconds=middle, pods=pods.count())


def _start_seconds(pod: Pod) -> float | None:
    """Restarts later on move the condition: what took minutes was no start."""
    for condition in pod.conditions:
        if condition["type"] == "ContainersReady" and condition["status"] == "True":
            since = parse_datetime(condition["since"] or "")
            seconds = (since - pod.created_at).total_seconds() if since else -1
            return seconds if 0 <= seconds < 600 and not pod.restarts else None
    return None
