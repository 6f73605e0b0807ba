"""Processes that live and die together, and the event loop they run."""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

_PR_SET_PDEATHSIG = 1
GRACE_SECONDS = 1.5


def new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop where there is one: thousands of Pods listen in this loop."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def child(command: list[str]) -> subprocess.Popen[bytes]:
    """A process that is killed when this one is, however this one ends."""
    parent = os.getpid()

    def die_with_parent() -> None:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return subprocess.Popen(command, preexec_fn=die_with_parent)


def supervise(children: list[subprocess.Popen[bytes]]) -> int:
    """Wait until told to stop or one of them ends; then end all. Returns the exit code."""
    told = False

    def stop(*_: object) -> None:
        nonlocal told
        told = True

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    while not told and all(each.poll() is None for each in children):
        time.sleep(0.05)
    for each in children:
        with suppress(ProcessLookupError):
            each.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for each in children:
        try:
            each.wait(max(deadline - time.monotonic(), 0.01))
        except subprocess.TimeoutExpired:
            each.kill()
            each.wait()
    return 0 if told else 1
