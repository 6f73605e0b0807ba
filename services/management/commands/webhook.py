"""Adds gates to Pods as they are created, and keeps that registered: a process of its own."""

import asyncio
import gc
import signal
import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from services.admission.server import LOOP
from services.admission.webhook import BEAT, Process

STALE = 15.0
# Answers wait for no thread that keeps watch or books for longer than this (Python's own: 5 ms).
SWITCH = 0.0005


class Command(BaseCommand):
    help = "Serve the admission webhook of every cluster, and repair its registration."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="exit 0 if the process on this machine lives"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            check()
        else:
            sys.setswitchinterval(SWITCH)
            # What was imported stays: collecting it again and again is time that answers wait.
            gc.collect()
            gc.freeze()
            asyncio.run(run(), loop_factory=LOOP)


async def run() -> None:
    process = Process()
    for number in (signal.SIGTERM, signal.SIGINT):
        process.loop.add_signal_handler(number, process.stopping.set)
    await process.run()


def check() -> None:
    """By a file: this process goes on without Redis and database, and so does its check."""
    try:
        age = time.time() - (settings.WEBHOOK_STATE / BEAT).stat().st_mtime
    except FileNotFoundError:
        raise CommandError("The webhook has not run here.") from None
    if age > STALE:
        raise CommandError(f"The webhook was last seen {age:.0f} s ago.")
