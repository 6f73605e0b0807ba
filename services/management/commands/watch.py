"""Keeps the index, and wakes the bindings that a change concerns as soon as its event arrives."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from console import alive, heap, kube
from services.binding import news, waking
from workloads import index


class Command(BaseCommand):
    help = "Watch every registered cluster: keep the index and wake bindings."

    def handle(self, *args: Any, **options: Any) -> None:
        kube.load()
        heap.freeze()
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        threading.Thread(target=_beat, args=(stop,), daemon=True).start()
        index.run(news.News(waking.on_change), stop=stop)


def _beat(stop: threading.Event) -> None:
    while not stop.wait(1):
        alive.beat("watcher")
