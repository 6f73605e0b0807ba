"""One writer per load balancer: a lease by conditional UPDATE, on the database's clock."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from django.db.models import DateTimeField, ExpressionWrapper, Q
from django.db.models.functions import Now

from services.models import Lease

SECONDS = 8.0
# The SDK gives up after 5 s: a write that starts with more than this left ends within the lease.
ENOUGH_FOR_A_WRITE = 6.0


class LeaseLost(Exception):
    """Someone else may be writing; what is not done yet is theirs to do."""


@dataclass
class Held:
    key: str
    holder: str
    # By our own monotonic clock, counted from before the database was asked: never too late.
    until: float

    def ready_to_write(self) -> None:
        """To be called before every write; renews the lease, or raises LeaseLost."""
        if self.until - time.monotonic() > ENOUGH_FOR_A_WRITE:
            return
        asked = time.monotonic()
        if not _take(self.key, self.holder):
            raise LeaseLost(self.key)
        self.until = asked + SECONDS


@contextmanager
def held(key: str) -> Iterator[Held | None]:
    """The lease for as long as the block runs; None when someone else has it."""
    holder = f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}:{uuid4().hex[:8]}"
    asked = time.monotonic()
    Lease.objects.get_or_create(key=key, defaults={"until": Now()})
    if not _take(key, holder):
        yield None
        return
    try:
        yield Held(key, holder, asked + SECONDS)
    finally:
        Lease.objects.filter(key=key, holder=holder).update(holder="", until=Now())


def _take(key: str, holder: str) -> bool:
    until = ExpressionWrapper(Now() + timedelta(seconds=SECONDS), output_field=DateTimeField())
    free = Q(holder=holder) | Q(until__lte=Now())
    return bool(Lease.objects.filter(free, key=key).update(holder=holder, until=until))
