"""Sends the tasks that are due: one loop, leased, so that a second ticker only stands by.

What is due stands on rows; a message lost with the broker is sent again a second later.
"""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand
from django.db import OperationalError, close_old_connections

from services.binding import leases, ticking


class Command(BaseCommand):
    help = "Send the tasks that are due, at the moment they are due."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        while not stop.is_set():
            try:
                ticking.run(stop)
            except OperationalError as error:
                self.stderr.write(f"The database does not answer: {error}")
            except leases.LeaseLost:
                self.stderr.write("Another ticker took over.")
            close_old_connections()
            stop.wait(ticking.EVERY)
