"""One look of a keeper at one cluster: the door, the moment, and what there is to do with it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from console import doors
from console.kube import Conflict, Kube, KubeError, NotFound
from services.admission import configuration
from services.admission.books import Books
from services.admission.configuration import Object
from services.admission.damage import Damage
from services.admission.front import Front, Snapshot
from services.admission.repairs import Repairs

SWEEP, RETRY = 10.0, 0.3


@dataclass
class Look:
    """`wait` is how many seconds later the next one comes, at most."""

    door: Kube
    now: datetime
    snapshot: Snapshot
    books: Books
    repairs: Repairs
    version: str
    wait: float = SWEEP

    @property
    def front(self) -> Front:
        return self.snapshot.front

    @property
    def label(self) -> str:
        """By which label webhooks tell namespaces apart in this cluster."""
        return configuration.selector_label(self.version)

    @property
    def namespaces(self) -> set[str]:
        """Those that hold claimed Services."""
        return {service.namespace for service in self.snapshot.services} - configuration.NEVER

    def get(self, where: str) -> Object | None:
        try:
            return self.door.get(where)
        except NotFound:
            return None

    def soon(self, seconds: float = RETRY) -> None:
        """Look again then."""
        self.wait = min(self.wait, seconds)

    def must_wait(self, found: Sequence[Damage]) -> bool:
        """Whether a writer that fights us has been answered often enough for now."""
        seconds = self.repairs.wait(found, self.now) if found else 0.0
        if seconds:
            self.soon(seconds)
        return bool(seconds)

    @contextmanager
    def writing(self, found: Sequence[Damage]) -> Iterator[list[doors.Call]]:
        """The calls of a write that is to repair these; a refusal is written down and raised."""
        try:
            with doors.recording() as calls:
                yield calls
        except (Conflict, NotFound):
            raise
        except KubeError as error:
            self.repairs.refused(found, self.now, error)
            raise
