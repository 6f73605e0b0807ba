"""What one keeper repaired, could not repair, or leaves for a minute to a writer that fights it."""

import logging
import time
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from console import doors
from console.kube import KubeError
from services.admission import damage, layers
from services.admission.books import Books
from services.admission.damage import Damage, Mark, repair_at

_log = logging.getLogger(__name__)
REMEMBERED = timedelta(minutes=3)


class Repairs:
    def __init__(self, pk: int, cluster_id: str, books: Books) -> None:
        self.pk, self.cluster_id, self.books = pk, cluster_id, books
        self.marks: deque[Mark] = deque(maxlen=200)
        # What made the keeper look, and since when.
        self.because, self.since = "Start", time.monotonic()
        self.warning = ""
        # What could not be repaired, with the words it was refused in.
        self._refused: dict[Damage, str] = {}

    def wait(self, found: Sequence[Damage], now: datetime) -> float:
        """Seconds for which another writer has been answered often enough; 0 to repair now."""
        # One damage that is no fight is reason enough: everything is written at once.
        due = min(repair_at(self.marks, one, now) for one in found)
        if due <= now:
            return 0.0
        worst = found[0]
        self.warning = (
            f"{worst.manager or 'Someone'} damages {worst.field or worst.what} again and again. "
            "podgate repairs it once a minute until that stops."
        )
        _log.warning("%s: %s", self.cluster_id, self.warning)
        return (due - now).total_seconds()

    def note(
        self, found: Sequence[Damage], now: datetime, calls: Sequence[doors.Call], **shown: Any
    ) -> None:
        """They are repaired."""
        took = time.monotonic() - self.since
        for one in found:
            self.marks.append(Mark(now, one))
            self._refused.pop(one, None)
            self._write(one, now, took=took, calls=calls, **shown)
            _log.warning("%s: repaired %s %s", self.cluster_id, one.what, one.field)

    def refused(self, found: Sequence[Damage], now: datetime, error: KubeError) -> None:
        """They are not; said once, and again when the reason changes."""
        words = error.message or error.reason
        for one in found:
            if self._refused.get(one) != words:
                self._refused[one] = words
                took = time.monotonic() - self.since
                self._write(one, now, took=took, ok=False, message=words)

    def calm_down(self, now: datetime) -> None:
        """A fight that is over is no warning any more."""
        recent = [mark for mark in self.marks if now - mark.at < REMEMBERED]
        if len(recent) < damage.IMMEDIATE:
            self.warning = ""

    def _write(self, one: Damage, now: datetime, **said: Any) -> None:
        self.books.add(layers.repaired, self.pk, one, at=now, found_by=self.because, **said)
