"""List, then watch, one path of one API server for as long as the process runs."""

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Any

from console.kube import Gone, Kube, KubeError

_log = logging.getLogger(__name__)
LONGEST_PAUSE = 5.0
RELIST = 300.0

type Object = dict[str, Any]


class Follower:
    """`listed` gets everything there is; `changed` each object after that, and whether it went.

    `failed` is told each time the API server did not answer.
    """

    def __init__(
        self,
        kube: Callable[[], Kube],
        path: str,
        *,
        listed: Callable[[list[Object]], None],
        changed: Callable[[Object, bool], None],
        failed: Callable[[KubeError], None] = lambda _: None,
        name: str = "",
    ) -> None:
        self.kube, self.path = kube, path
        # Of all objects there, only the one of this name.
        self.selector = f"metadata.name={name}" if name else None
        self.listed, self.changed, self.failed = listed, changed, failed
        self.stop = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self.run, name=f"follow {self.path}", daemon=True).start()

    def run(self) -> None:
        pause = 0.2
        while not self.stop.is_set():
            started = time.monotonic()
            try:
                self._once()
            except Gone:
                continue
            except KubeError as error:
                self.failed(error)
            except Exception:
                _log.exception("following %s failed", self.path)
            pause = 0.2 if time.monotonic() - started > LONGEST_PAUSE else pause
            self.stop.wait(random.uniform(0.5, 1) * pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _once(self) -> None:
        """One list and the watches after it; returns when it is time to list again."""
        found = self.kube().get(self.path, fieldSelector=self.selector)
        self.listed(found.get("items") or [])
        version = str(found["metadata"].get("resourceVersion", ""))
        end = time.monotonic() + RELIST
        while not self.stop.is_set() and time.monotonic() < end:
            started = time.monotonic()
            events = self.kube().watch(
                self.path, dict, resource_version=version, fieldSelector=self.selector
            )
            for event in events:
                version = event.object["metadata"].get("resourceVersion") or version
                if self.stop.is_set():
                    return
                if event.type != "BOOKMARK":
                    self.changed(event.object, event.type == "DELETED")
            if time.monotonic() - started < 0.5:
                self.stop.wait(0.5)
