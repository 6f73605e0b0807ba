"""Keeps what podgate put into one cluster whole: looks at start, on every event, and regularly.

It runs in the webhook's process, which needs neither worker, broker nor database to go on: what is
to be repaired is in its memory, and what is to be written down waits in the books.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from console import kube
from console.kube import Kube, KubeError, NotFound
from services.admission import configuration, front, layers, places, probe, registration, tls
from services.admission.books import Books
from services.admission.configuration import SYSTEM_NAMESPACE
from services.admission.front import Front, Snapshot
from services.admission.look import RETRY, SWEEP, Look
from services.admission.repairs import Repairs

_log = logging.getLogger(__name__)
PROBE_EVERY = 60.0
LONGEST_RETRY = 5.0
OWNER = "podgate-owner"
_ASKED = {"Start", "Check"}
_KEPT = (places.keep, tls.keep, registration.keep)


class Keeper:
    """One cluster's; `snapshot` is shared with the webhook, which fills in its Services."""

    def __init__(self, snapshot: Snapshot, books: Books, known: Callable[[], bool]) -> None:
        self.snapshot, self.books, self.known = snapshot, books, known
        self.stop = threading.Event()
        self.repairs = Repairs(self.front.pk, self.front.cluster_id, books)
        self._awake = threading.Event()
        self._probed, self._proof_ok = 0.0, False
        self._version = ""
        self.thread = threading.Thread(
            target=self.run, name=f"keeper {self.front.cluster_id}", daemon=True
        )

    @property
    def front(self) -> Front:
        return self.snapshot.front

    def wake(self, because: str) -> None:
        """Look now; the first cause since the last look is the one that is written down."""
        if not self._awake.is_set():
            self.repairs.because, self.repairs.since = because, time.monotonic()
            self._awake.set()

    def run(self) -> None:
        retry = RETRY
        while not self.stop.is_set():
            if not self._awake.is_set() and self.repairs.because != "Start":
                self.repairs.because, self.repairs.since = "Sweep", time.monotonic()
            self._awake.clear()
            wait = SWEEP
            try:
                wait, retry = self._look(), RETRY
            except KubeError as error:
                self._say(trouble=error.message or error.reason)
                wait, retry = retry, min(retry * 2, LONGEST_RETRY)
            except Exception:
                _log.exception("the access layer of %s cannot be looked at", self.front.cluster_id)
            if self.repairs.because == "Start":
                self.repairs.because = "Sweep"
            self._awake.wait(wait)

    def _look(self) -> float:
        """Seconds until the next look."""
        now = datetime.now(UTC)
        door = kube.connect(self.front.cluster())
        if trouble := self._why_not(door):
            self._say(trouble=trouble, checked_at=now)
            return SWEEP
        look = Look(door, now, self.snapshot, self.books, self.repairs, self._version)
        refusals = [refusal for keep in _KEPT if (refusal := self._refusal(keep, look))]
        if self._keep_proof(look):
            registration.keep(look)
        if refusals:
            raise refusals[0]
        if not self.stop.is_set():
            self._tell(look)
        return look.wait

    def _refusal(self, keep: Callable[[Look], None], look: Look) -> KubeError | None:
        """What the API server refuses of one thing must not keep the others from being mended."""
        try:
            if not self.stop.is_set():
                keep(look)
        except KubeError as error:
            if not error.status:
                # It does not answer at all.
                raise
            return error
        return None

    def _tell(self, look: Look) -> None:
        self.repairs.calm_down(look.now)
        self._save()
        written = {} if self.front.is_registered else {"registered_at": look.now}
        self._say(
            trouble="",
            warning=self.repairs.warning,
            checked_at=datetime.now(UTC),
            namespaces=sorted(look.namespaces),
            **(written if self.snapshot.written else {}),
        )

    def _why_not(self, door: Kube) -> str:
        """Why nothing is registered in this cluster; empty when it may be."""
        self._version = self.front.version or self._version or _version(door)
        if words := configuration.too_old(self._version):
            return words
        if not (self.front.where or self.front.service):
            return "Nobody said where API servers reach the webhook: set PODGATE_WEBHOOK_ADDRESS."
        if not self.known():
            return "The Services of this cluster have not been read yet."
        owner = _owner(door)
        if owner and self.front.installation and owner != self.front.installation:
            return f"Another podgate installation ({owner}) owns this cluster."
        return ""

    def _keep_proof(self, look: Look) -> bool:
        """Whether something new was proven, so that the real entry may follow."""
        fingerprint, client = self.front.fingerprint, self.front.client
        is_new = self.snapshot.proven != fingerprint
        is_due = time.monotonic() - self._probed > PROBE_EVERY or self.repairs.because in _ASKED
        if self.stop.is_set() or not (is_new or is_due or not self._proof_ok):
            return False
        proof = probe.prove(look.door, self.front.gate_type)
        self._probed, self._proof_ok = time.monotonic(), proof.ok
        self._say(
            probe_ok=proof.ok,
            probe_at=datetime.now(UTC),
            probe_seconds=proof.seconds,
            probe_message=proof.message,
            **({"proven": fingerprint} if proof.ok else {}),
        )
        if not proof.ok:
            look.soon(LONGEST_RETRY)
            return False
        self.snapshot.proven, self.snapshot.proven_client = fingerprint, client
        return is_new

    def _say(self, **values: Any) -> None:
        self.books.add(layers.standing, self.front.pk, self.front.cluster_id, values)

    def _save(self) -> None:
        try:
            front.save(self.snapshot)
        except OSError as error:
            _log.warning("no snapshot of %s: %s", self.front.cluster_id, error)


def _version(door: Kube) -> str:
    return str(door.get("/version").get("gitVersion", ""))


def _owner(door: Kube) -> str:
    try:
        found = door.get(kube.path("ConfigMap", SYSTEM_NAMESPACE, OWNER))
    except NotFound:
        return ""
    return str((found.get("data") or {}).get("installation", ""))
