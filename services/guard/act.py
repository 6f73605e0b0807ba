"""Holding a rollout, once per revision; what was done is written down before it is done."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from console import kube, live, secrets
from services.binding import events
from services.guard.decide import Sight, is_rolling, revision_of
from services.models import Binding, Stop
from services.words import CANNOT, PAUSED
from workloads.actions import changes, perform
from workloads.actions.changes import Impossible, Pause
from workloads.actions.perform import Subject
from workloads.models import Workload

VERB = "guard-pause"
REASON = "TrafficGuard"
# The index follows our write within moments; before that it cannot say that a hold is over.
FRESH = timedelta(seconds=10)
# A pause that failed is tried again on the next looks, so often.
ATTEMPTS = 20


def now() -> datetime:
    return timezone.now()


def stop(binding: Binding, behind: Sequence[Workload], sight: Sight, at: datetime) -> bool:
    """Hold what rolls behind this binding; answers whether there was something that did."""
    done = False
    for row in behind:
        subject = Subject(row.kind, row.namespace, row.name)
        try:
            found = perform.read(binding.cluster, subject)
        except (kube.KubeError, secrets.Unreadable):
            # It is looked at again within a moment.
            continue
        if is_rolling(row.kind, found):
            done |= _stop(binding, subject, found, sight, at)
    return done


def _stop(
    binding: Binding, subject: Subject, found: dict[str, Any], sight: Sight, at: datetime
) -> bool:
    """Whether this rollout is dealt with: held, beyond our means, or held once before."""
    record = _record(binding, subject, found, sight, at)
    if record is None:
        return True
    message = sentence(record)
    try:
        perform.apply(None, binding.cluster, subject, Pause(), verb=VERB, message=message)
    except Impossible as error:
        is_held = error.why is changes.Why.ALREADY_PAUSED
        record.outcome = Stop.Outcome.HELD if is_held else Stop.Outcome.CANNOT
    except (kube.KubeError, secrets.Unreadable, perform.Changed) as error:
        record.outcome, record.detail = Stop.Outcome.FAILED, str(error)
        record.attempts += 1
        record.save()
        return record.attempts >= ATTEMPTS
    else:
        record.outcome = Stop.Outcome.HELD
    record.acted_at = timezone.now()
    record.save()
    _tell(binding, subject, found, sentence(record))
    return True


def _record(
    binding: Binding, subject: Subject, found: dict[str, Any], sight: Sight, at: datetime
) -> Stop | None:
    """The row of this rollout; None when the guard has acted for this revision already."""
    known = {
        "binding": binding,
        "workload_uid": found["metadata"]["uid"],
        "revision": revision_of(subject.kind, found),
    }
    row = Stop.objects.filter(**known).first()
    if row is not None:
        return row if row.outcome == Stop.Outcome.FAILED else None
    try:
        with transaction.atomic():
            return Stop.objects.create(
                **known,
                kind=subject.kind,
                workload=subject.name,
                at=at,
                floor=sight.floor,
                least=sight.least or 0,
                healthy=sight.healthy,
                wanted=sight.wanted,
                listener=sight.listener,
                outcome=Stop.Outcome.FAILED,
            )
    except IntegrityError:
        # Another worker is at it at this very moment.
        return None


def sentence(record: Stop) -> str:
    """For Events and the audit trail, which are read outside of podgate too."""
    template = CANNOT if record.outcome == Stop.Outcome.CANNOT else PAUSED
    return template % {
        "kind": record.kind,
        "workload": f"{record.binding.namespace}/{record.workload}",
        "listener": record.listener,
        "service": record.binding.name,
        "n": record.healthy,
        "least": record.least,
        "floor": record.floor,
    }


def _tell(binding: Binding, subject: Subject, found: dict[str, Any], message: str) -> None:
    door = kube.connect(binding.cluster)
    who = {"namespace": binding.namespace, "name": binding.name, "uid": binding.service_uid}
    events.on_service(door, {"metadata": who}, REASON, message)
    events.on_workload(door, subject.kind, found["metadata"], REASON, message)
    cluster_id = binding.cluster.cluster_id
    where = f"{subject.kind.lower()}/{subject.namespace}/{subject.name}"
    live.announce(
        f"{cluster_id}/services/{binding.namespace}/{binding.name}",
        f"{cluster_id}/workloads/{where}",
    )


def close_what_is_over(binding: Binding, behind: Sequence[Workload], at: datetime) -> None:
    """Holds that somebody ended, and rollouts that came to their end in spite of all."""
    rows = {row.uid: row for row in behind}
    for record in Stop.objects.filter(binding=binding, ended_at=None, at__lt=at - FRESH):
        row = rows.get(record.workload_uid)
        if row is None or not is_open(record, row):
            record.ended_at = at
            record.save(update_fields=["ended_at"])
            live.announce(
                f"{binding.cluster.cluster_id}/services/{binding.namespace}/{binding.name}"
            )


def is_open(record: Stop, row: Workload) -> bool:
    """Whether the rollout still stands as the guard left it, by the index."""
    if record.outcome == Stop.Outcome.HELD:
        return is_held(row)
    return row.rollout != "complete"


def is_held(row: Workload) -> bool:
    if row.kind == "StatefulSet":
        partition = (row.strategy.get("rollingUpdate") or {}).get("partition") or 0
        return bool(partition >= row.replicas)
    return row.paused
