"""The webhook's process: every cluster's HTTPS, its watches, its keeper, and the books.

The loop's thread answers; each cluster has threads that watch and repair; one more thread, the
only one that knows the database, brings changes in and takes news out. None waits for another.
"""

import asyncio
import logging
import ssl
import threading
import time
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection

from console import kube
from console.kube import KubeError
from services.admission import configuration, front, layers, server
from services.admission.books import Books
from services.admission.configuration import PROBE_NAMESPACE, SECRET, SYSTEM_NAMESPACE
from services.admission.following import Follower, Object
from services.admission.front import Front, Snapshot
from services.admission.injection import ClaimedService
from services.admission.integrity import Keeper
from services.admission.registration import CONFIGURATION
from services.admission.review import Known, Outcome
from services.admission.server import Desk
from services.spec import claimed_by

_log = logging.getLogger(__name__)
LOOK = 0.5
BEAT = "alive"


def claimed(service: Object) -> ClaimedService | None:
    """What is kept of a Service; None of one that is not ours, or going."""
    metadata = service["metadata"]
    if metadata.get("deletionTimestamp") or not claimed_by(service):
        return None
    selector = (service.get("spec") or {}).get("selector") or {}
    return ClaimedService(metadata["uid"], metadata["namespace"], metadata["name"], selector)


class Served:
    """One cluster: its desk and port, its followers and its keeper."""

    def __init__(self, snapshot: Snapshot, books: Books, loop: asyncio.AbstractEventLoop) -> None:
        self.snapshot, self.books, self.loop = snapshot, books, loop
        self.services = {service.uid: service for service in snapshot.services}
        self.has_snapshot = bool(snapshot.written)
        self.desk = Desk(self.front.path, self._known())
        self.tls: ssl.SSLContext | None = None
        self.server: asyncio.Server | None = None
        # Each ends when its port is closed and the last connection of it is gone.
        self.ports: set[asyncio.Task[None]] = set()
        self.keeper = Keeper(snapshot, books, self.desk.ready.is_set)
        self.followers = self._followers()

    @property
    def front(self) -> Front:
        return self.snapshot.front

    async def start(self) -> None:
        await self._listen()
        for follower in self.followers:
            follower.start()
        self.keeper.thread.start()

    def stop(self) -> None:
        self.keeper.stop.set()
        self.keeper.wake("Sweep")
        for follower in self.followers:
            follower.stop.set()
        if self.server:
            self.server.close()
        self.desk.close()

    async def change(self, now: Front) -> None:
        """Settings, keys or credentials changed; new connections see it at once."""
        was, self.snapshot.front = self.front, now
        self.desk.path, self.desk.known = now.path, self._known()
        if (was.port, was.client_ca) != (now.port, now.client_ca) or self.server is None:
            if self.server:
                self.server.close()
            await self._listen()
        elif (was.certificate, was.key) != (now.certificate, now.key) and self.tls:
            server.present(self.tls, now.pair)
        self.keeper.wake("Check" if was.check_wanted != now.check_wanted else "Sweep")

    async def _listen(self) -> None:
        if not self.front.certificate:
            return
        self.tls = server.context(self.front.client_ca)
        server.present(self.tls, self.front.pair)
        try:
            self.server = await server.serve(
                self.desk, self.tls, listen=settings.WEBHOOK_LISTEN, port=self.front.port
            )
            port = self.loop.create_task(self.server.wait_closed())
            self.ports.add(port)
            port.add_done_callback(self.ports.discard)
        except OSError as error:
            self.server = None
            _log.warning("%s: port %s: %s", self.front.cluster_id, self.front.port, error)
            if not settings.WEBHOOK_FIRST_PORT:
                self.books.add(layers.another_port, self.front.pk, self.front.port)

    def _known(self) -> Known:
        by_namespace: dict[str, list[ClaimedService]] = {}
        for service in self.services.values():
            by_namespace.setdefault(service.namespace, []).append(service)
        return Known(by_namespace, self.front.gate_type, self.front.add_on)

    def _followers(self) -> list[Follower]:
        def door() -> kube.Kube:
            return kube.connect(self.front.cluster())

        def follow(kind: str, namespace: str = "", name: str = "") -> Follower:
            return Follower(
                door,
                kube.path(kind, namespace),
                listed=lambda _: None,
                changed=lambda _, __: self.keeper.wake("Watch"),
                name=name,
            )

        cluster_id = self.front.cluster_id
        return [
            Follower(
                door,
                kube.path("Service"),
                listed=self._listed,
                changed=self._changed,
                failed=self._unlisted,
            ),
            follow(CONFIGURATION, name=configuration.name(cluster_id)),
            follow("Secret", SYSTEM_NAMESPACE, SECRET),
            follow("Namespace", name=SYSTEM_NAMESPACE),
            follow("Namespace", name=PROBE_NAMESPACE),
        ]

    # Called by the follower of Services.

    def _listed(self, services: list[Object]) -> None:
        found = [claimed(service) for service in services]
        self._set({service.uid: service for service in found if service})

    def _changed(self, service: Object, gone: bool) -> None:
        uid = service["metadata"]["uid"]
        kept = None if gone else claimed(service)
        rest = {key: value for key, value in self.services.items() if key != uid}
        self._set(rest | ({uid: kept} if kept else {}))

    def _unlisted(self, _error: KubeError) -> None:
        """The API server that calls us cannot be asked: what we last knew has to do."""
        if self.has_snapshot and not self.desk.ready.is_set():
            self.loop.call_soon_threadsafe(self.desk.ready.set)

    def _set(self, services: dict[str, ClaimedService]) -> None:
        if self.desk.ready.is_set() and services == self.services:
            return
        scope = {service.namespace for service in self.services.values()}
        self.services = services
        self.snapshot.services = list(services.values())
        # One assignment: an answer sees the old Services or the new.
        self.desk.known = self._known()
        is_first = not self.desk.ready.is_set()
        if is_first:
            self.loop.call_soon_threadsafe(self._begin)
        elif scope != {service.namespace for service in services.values()}:
            self.keeper.wake("Watch")

    def _begin(self) -> None:
        self.desk.ready.set()
        self.keeper.wake("Start")

    def counted(self) -> None:
        """Hand the counts since the last time to the books; called in the loop's thread."""
        counts, self.desk.counts = self.desk.counts, type(self.desk.counts)()
        if not counts:
            return
        values: dict[str, Any] = {
            "last_admission_at": self.desk.last_at,
            "latency_p99": self.desk.p99,
        }
        if self.desk.last_injected_at:
            values["last_injected_at"] = self.desk.last_injected_at
        columns = {
            "injected": counts[Outcome.INJECTED],
            "skipped": counts[Outcome.SKIPPED],
            "failed": counts[Outcome.FAILED],
        }
        self.books.add(layers.counted, self.front.pk, self.front.cluster_id, columns, values)


class Process:
    def __init__(self, *, with_database: bool = True) -> None:
        self.with_database = with_database
        self.books = Books()
        self.served: dict[int, Served] = {}
        self.stopping = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.ended = threading.Event()

    async def run(self) -> None:
        for snapshot in front.load():
            await self._serve(snapshot)
        thread = threading.Thread(target=self._keep_books, name="books", daemon=True)
        if self.with_database:
            thread.start()
        try:
            while not self.stopping.is_set():
                for one in self.served.values():
                    one.counted()
                (settings.WEBHOOK_STATE / BEAT).touch()
                await _either(self.stopping, 1.0)
        finally:
            self.ended.set()
            for one in self.served.values():
                one.stop()
            served = list(self.served.values())
            joined = asyncio.to_thread(_join, thread, *(one.keeper.thread for one in served))
            await asyncio.gather(_closed(served), joined)

    async def _serve(self, snapshot: Snapshot) -> None:
        one = Served(snapshot, self.books, self.loop)
        self.served[snapshot.front.pk] = one
        await one.start()

    async def apply(self, fronts: list[Front]) -> None:
        """What the database says now; who ends takes up nothing new."""
        if self.ended.is_set():
            return
        known = {each.pk: each for each in fronts}
        for pk in [pk for pk in self.served if pk not in known]:
            gone = self.served.pop(pk)
            gone.stop()
            front.forget(gone.front.cluster_id)
        for pk, each in known.items():
            if pk not in self.served:
                await self._serve(Snapshot(front=each))
            elif self.served[pk].front != each:
                await self.served[pk].change(each)

    def _keep_books(self) -> None:
        """The one thread that waits for the database, if it must."""
        try:
            self._look_into_books()
        finally:
            connection.close()

    def _look_into_books(self) -> None:
        while not self.ended.wait(LOOK):
            try:
                self.books.flush()
                fronts = layers.fronts(datetime.now(UTC))
                layers.seen(datetime.now(UTC))
            except DatabaseError as error:
                _log.warning("no database: %s", error)
                connection.close()
                continue
            except Exception:
                _log.exception("the books cannot be kept")
                continue
            asyncio.run_coroutine_threadsafe(self.apply(fronts), self.loop).result()


def _join(*threads: threading.Thread) -> None:
    """Two seconds for all that still run; they are daemons, so nothing waits longer."""
    deadline = time.monotonic() + 2
    for thread in threads:
        if thread.is_alive():
            thread.join(max(0.0, deadline - time.monotonic()))


async def _either(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return


async def _closed(served: list[Served]) -> None:
    """What was aborted ends in the loop's next rounds, who still shakes hands in two seconds."""
    if ports := [port for one in served for port in one.ports]:
        await asyncio.wait(ports, timeout=server.HANDSHAKE_SECONDS + 0.5)
