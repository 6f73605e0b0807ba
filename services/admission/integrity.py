"""Keeps what podgate put into one cluster whole: looks at start, on every event, and regularly.

It runs in the webhook's process, which needs neither worker, broker nor database to go on: what is
to be repaired is in its memory, and what is to be written down waits in the books.
"""

import base64
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from console import doors, kube
from console.kube import Conflict, Kube, KubeError, NotFound
from services.admission import configuration, damage, front, layers, probe
from services.admission.books import Books
from services.admission.configuration import PROBE_NAMESPACE, SECRET, SYSTEM_NAMESPACE, Object
from services.admission.damage import Damage, Mark, What, repair_at
from services.admission.front import Front, Snapshot

_log = logging.getLogger(__name__)
SWEEP = 10.0
PROBE_EVERY = 60.0
RETRY, LONGEST_RETRY = 0.3, 5.0
CONFIGURATION = "MutatingWebhookConfiguration"
OWNER = "podgate-owner"


class Keeper:
    """One cluster's; `snapshot` is shared with the webhook, which fills in its Services."""

    def __init__(self, snapshot: Snapshot, books: Books, known: Callable[[], bool]) -> None:
        self.snapshot, self.books, self.known = snapshot, books, known
        self.stop = threading.Event()
        self.marks: deque[Mark] = deque(maxlen=200)
        self._awake = threading.Event()
        self._because, self._since = "Start", time.monotonic()
        self._probed, self._proof_ok = 0.0, False
        self._wait = SWEEP
        self._warning = ""
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
            self._because, self._since = because, time.monotonic()
            self._awake.set()

    def run(self) -> None:
        retry = RETRY
        while not self.stop.is_set():
            if not self._awake.is_set() and self._because != "Start":
                self._because, self._since = "Sweep", time.monotonic()
            self._awake.clear()
            wait = SWEEP
            try:
                self._look()
                wait, retry = self._wait, RETRY
            except KubeError as error:
                self._say(trouble=error.message or error.reason)
                wait, retry = retry, min(retry * 2, LONGEST_RETRY)
            except Exception:
                _log.exception("the access layer of %s cannot be looked at", self.front.cluster_id)
            if self._because == "Start":
                self._because = "Sweep"
            self._awake.wait(wait)

    def _look(self) -> None:
        now = datetime.now(UTC)
        self._wait = SWEEP
        door = kube.connect(self.front.cluster())
        if trouble := self._why_not(door):
            self._say(trouble=trouble, checked_at=now)
            return
        self._keep_namespaces(door, now)
        if not self.stop.is_set():
            self._keep_secret(door, now)
            self._keep_configuration(door, now)
        if self._keep_proof(door):
            self._keep_configuration(door, now)
        if self.stop.is_set():
            return
        if not self._is_fought(now):
            self._warning = ""
        self._save()
        self._say(
            trouble="",
            warning=self._warning,
            checked_at=datetime.now(UTC),
            namespaces=sorted(self._namespaces()),
        )

    def _why_not(self, door: Kube) -> str:
        """Why nothing is registered in this cluster; empty when it may be."""
        self._version = self.front.version or self._version or _version(door)
        if (0, 0) < configuration.minor(self._version) < configuration.OLDEST:
            return (
                f"Kubernetes {self._version} is older than 1.16 and has no "
                "admissionregistration.k8s.io/v1. Put the gate into the Pod template."
            )
        if not (self.front.where or self.front.service):
            return "Nobody said where API servers reach the webhook: set PODGATE_WEBHOOK_ADDRESS."
        if not self.known():
            return "The Services of this cluster have not been read yet."
        owner = _owner(door)
        if owner and self.front.installation and owner != self.front.installation:
            return f"Another podgate installation ({owner}) owns this cluster."
        return ""

    # Namespaces

    def _keep_namespaces(self, door: Kube, now: datetime) -> None:
        for name in (SYSTEM_NAMESPACE, PROBE_NAMESPACE):
            try:
                found = door.get(kube.path("Namespace", name=name))
            except NotFound:
                self._make_namespace(door, name, now)
                continue
            if found["metadata"].get("deletionTimestamp"):
                # It can be made again once it is gone.
                self._wait = RETRY
        if configuration.selector_label(self._version) == configuration.OWN_LABEL:
            for name in {*self._namespaces(), PROBE_NAMESPACE}:
                body = {"metadata": {"labels": {configuration.OWN_LABEL: name}}}
                door.patch(kube.path("Namespace", name=name), body, kind="merge")

    def _make_namespace(self, door: Kube, name: str, now: datetime) -> None:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        with doors.recording() as calls:
            try:
                door.create(kube.path("Namespace"), body)
            except Conflict:
                return
        if self.snapshot.written is not None:
            self._repaired([Damage(What.NAMESPACE_DELETED, name)], now, calls)

    # The serving pair

    def _keep_secret(self, door: Kube, now: datetime) -> None:
        where = kube.path("Secret", SYSTEM_NAMESPACE, SECRET)
        pair = self.front.pair
        observed = _get(door, where)
        found = damage.of_secret(
            observed, pair, bundle=self.front.bundle, host=self.front.host, now=now
        )
        if not found:
            return
        # A pair that we ourselves replaced a moment ago is no damage; nor is the first one.
        own = found[0].what in {What.SECRET_DIFFERS, What.NEARLY_EXPIRED} and not found[0].manager
        is_first = observed is None and self.snapshot.written is None
        if not (own or is_first) and self._must_wait(found, now):
            return
        body = _secret(pair.certificate, pair.key, observed)
        with doors.recording() as calls:
            try:
                if observed is None:
                    door.create(kube.path("Secret", SYSTEM_NAMESPACE), body)
                else:
                    door.replace(where, body)
            except Conflict:
                self._wait = RETRY
                return
            except NotFound:
                # Its namespace went in between.
                self._wait = RETRY
                return
        if own or is_first:
            verb = "create" if is_first else "renew"
            self.books.add(layers.wrote, self.front.cluster_id, verb, "Secret", calls=calls)
        else:
            self._repaired(found, now, calls)

    # The registration

    def _keep_configuration(self, door: Kube, now: datetime) -> None:
        snapshot, cluster_id = self.snapshot, self.front.cluster_id
        where = kube.path(CONFIGURATION, name=configuration.name(cluster_id))
        observed = _get(door, where)
        stands = (observed or {}).get("webhooks") or []
        if snapshot.proven_client is None and self.front.proven == self.front.fingerprint:
            # Proven before our memory began.
            snapshot.proven_client, snapshot.proven = self.front.client, self.front.fingerprint
        wanted = self._wanted()
        if observed and not damage.of_configuration(observed, wanted):
            snapshot.written = wanted
            return
        found: Sequence[Damage] = ()
        if snapshot.written is not None:
            found = damage.of_configuration(observed, snapshot.written)
        elif observed or self.front.is_registered:
            found = damage.of_configuration(observed, wanted)
        if found and self._must_wait(found, now):
            return
        with doors.recording() as calls:
            try:
                if observed is None:
                    body = configuration.manifest(cluster_id, wanted, None)
                    door.create(kube.path(CONFIGURATION), body)
                else:
                    door.replace(where, configuration.manifest(cluster_id, wanted, observed))
            except Conflict:
                # Someone was faster: the event of that write wakes us.
                self._wait = RETRY
                return
        snapshot.written = wanted
        self._wrote(found, stands, wanted, now, calls, is_new=observed is None)

    def _wanted(self) -> list[Object]:
        proven = self.snapshot.proven_client
        return configuration.entries(
            self.front.client,
            # The real entry only after the probe has proven that we are reached.
            self._namespaces() if proven else (),
            policy=self.front.policy,
            label=configuration.selector_label(self._version),
            proven=proven,
        )

    def _wrote(
        self,
        found: Sequence[Damage],
        before: list[Object],
        after: list[Object],
        now: datetime,
        calls: list[doors.Call],
        *,
        is_new: bool,
    ) -> None:
        shown = {"before": configuration.shown(before), "after": configuration.shown(after)}
        if found:
            self._repaired(found, now, calls, **shown)
        else:
            verb = "create" if is_new else "update"
            self.books.add(
                layers.wrote, self.front.cluster_id, verb, CONFIGURATION, calls=calls, **shown
            )
        if not self.front.is_registered:
            self._say(registered_at=now)

    # The probe

    def _keep_proof(self, door: Kube) -> bool:
        """Whether something new was proven, so that the real entry may follow."""
        fingerprint, client = self.front.fingerprint, self.front.client
        is_new = self.snapshot.proven != fingerprint
        is_due = time.monotonic() - self._probed > PROBE_EVERY or self._because in _ASKED
        if self.stop.is_set() or not (is_new or is_due or not self._proof_ok):
            return False
        proof = probe.prove(door, self.front.gate_type)
        self._probed, self._proof_ok = time.monotonic(), proof.ok
        self._say(
            probe_ok=proof.ok,
            probe_at=datetime.now(UTC),
            probe_seconds=proof.seconds,
            probe_message=proof.message,
            **({"proven": fingerprint} if proof.ok else {}),
        )
        if not proof.ok:
            self._wait = LONGEST_RETRY
            return False
        self.snapshot.proven, self.snapshot.proven_client = fingerprint, client
        return is_new

    # What is remembered and told

    def _namespaces(self) -> set[str]:
        return {service.namespace for service in self.snapshot.services} - configuration.NEVER

    def _must_wait(self, found: Sequence[Damage], now: datetime) -> bool:
        """Whether another writer has been answered often enough for now."""
        # One damage that is no fight is reason enough: everything is written at once.
        due = min(repair_at(self.marks, one, now) for one in found)
        if due <= now:
            return False
        worst = found[0]
        self._warning = (
            f"{worst.manager or 'Someone'} damages {worst.field or worst.what} again and again. "
            "podgate repairs it once a minute until that stops."
        )
        self._wait = min(self._wait, (due - now).total_seconds())
        _log.warning("%s: %s", self.front.cluster_id, self._warning)
        return True

    def _repaired(
        self, found: Sequence[Damage], now: datetime, calls: list[doors.Call], **shown: Any
    ) -> None:
        took = time.monotonic() - self._since
        for one in found:
            self.marks.append(Mark(now, one))
            self.books.add(
                layers.repaired,
                self.front.pk,
                one,
                at=now,
                found_by=self._because,
                took=took,
                calls=calls,
                **shown,
            )
            _log.warning("%s: repaired %s %s", self.front.cluster_id, one.what, one.field)

    def _is_fought(self, now: datetime) -> bool:
        recent = [mark for mark in self.marks if now - mark.at < timedelta(minutes=3)]
        return len(recent) >= damage.IMMEDIATE

    def _say(self, **values: Any) -> None:
        self.books.add(layers.standing, self.front.pk, self.front.cluster_id, values)

    def _save(self) -> None:
        try:
            front.save(self.snapshot)
        except OSError as error:
            _log.warning("no snapshot of %s: %s", self.front.cluster_id, error)


_ASKED = {"Start", "Check"}


def _get(door: Kube, where: str) -> Object | None:
    try:
        return door.get(where)
    except NotFound:
        return None


def _version(door: Kube) -> str:
    return str(door.get("/version").get("gitVersion", ""))


def _owner(door: Kube) -> str:
    found = _get(door, kube.path("ConfigMap", SYSTEM_NAMESPACE, OWNER)) or {}
    return str((found.get("data") or {}).get("installation", ""))


def _secret(certificate: str, key: str, observed: Object | None) -> Object:
    metadata: Object = {"name": SECRET, "namespace": SYSTEM_NAMESPACE}
    if observed:
        metadata["resourceVersion"] = observed["metadata"]["resourceVersion"]
    data = {"tls.crt": certificate, "tls.key": key}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        # A Secret's type never changes: what stands decides.
        "type": (observed or {}).get("type", "kubernetes.io/tls"),
        "metadata": metadata,
        "data": {name: base64.b64encode(text.encode()).decode() for name, text in data.items()},
    }
