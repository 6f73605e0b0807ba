"""What the writer of a cluster's index hands over for the durable timeline."""

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from django.db import DatabaseError

from workloads.history import pods, rollouts
from workloads.rollouts import KINDS

_log = logging.getLogger(__name__)


class Kind(Protocol):
    @property
    def name(self) -> str: ...


class Change(Protocol):
    """As `workloads.index.writer.Change`, which knows more."""

    @property
    def kind(self) -> Kind: ...
    @property
    def uid(self) -> str: ...
    @property
    def object(self) -> Any: ...
    @property
    def seen(self) -> datetime | None: ...


class Recorder:
    """Pods and rollouts of one cluster. A DatabaseError is for the caller, who tries again."""

    def __init__(self, cluster_pk: int) -> None:
        self.pods = pods.PodHistory(cluster_pk)
        self.rollouts = rollouts.RolloutHistory(cluster_pk)

    def record(self, changes: Iterable[Change]) -> None:
        try:
            self._record(list(changes))
        except DatabaseError:
            raise
        except Exception:
            # A Pod nobody foresaw must not stop the index.
            _log.exception("the timeline could not be written")

    def _record(self, changes: list[Change]) -> None:
        self.pods.note(
            pods.Seen(one.uid, one.object, one.seen) for one in changes if one.kind.name == "Pod"
        )
        self.rollouts.note(
            rollouts.Seen(one.kind.name, one.uid, one.object, one.seen)
            for one in changes
            if one.kind.name in KINDS
        )
