"""What the two doors to the outside have in common: each call is told to whoever listens.

Listeners belong to a context (`contextvars`), so a task sees its own calls and no one else's.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Call:
    """One request that went through a door; `took` in seconds, `code` the error's, if any."""

    door: Literal["kubernetes", "tencent"]
    action: str
    write: bool
    request_id: str
    took: float
    ok: bool
    code: str = ""


Listener = Callable[[Call], None]

# The doors' libraries are large and imported when first needed, by one thread at a time: two that
# begin together break each other's half-made modules, and both libraries share some.
importing = threading.Lock()

_listeners: ContextVar[tuple[Listener, ...]] = ContextVar("door_listeners", default=())


def tell(call: Call) -> None:
    """Called by the doors after a call's answer arrived; what a listener raises goes on up."""
    for listener in _listeners.get():
        listener(call)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have `listener` told of every call made in this context."""
    token = _listeners.set((*_listeners.get(), listener))
    try:
        yield
    finally:
        _listeners.reset(token)


@contextmanager
def recording() -> Iterator[list[Call]]:
    """Collect the calls made in this context, in the order their answers arrived."""
    calls: list[Call] = []
    with listening(calls.append):
        yield calls
