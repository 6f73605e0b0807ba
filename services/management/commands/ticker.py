"""Sends the tasks that are due: one loop, leased, so that a second ticker only stands by.

What is due stands on rows; a message lost with the broker is sent again a second later.
"""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand
from django.db import OperationalError, close_old_connections

from services.binding import ticking


class Command(BaseCommand):
    help = "Send the tasks that are due, four times a second."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        ticker = ticking.Ticker()
        while not stop.wait(ticking.EVERY):
            try:
                ticker.tick()
            except OperationalError as error:
                self.stderr.write(f"The database does not answer: {error}")
            close_old_connections()
