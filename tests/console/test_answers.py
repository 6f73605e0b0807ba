"""Answers are decoded by many threads at once, also the first of their kind."""

import subprocess
import sys

# In a process of its own: what goes wrong here ends it.
PROGRAM = """
import sys, threading
import msgspec
from console import answers

sys.setswitchinterval(1e-6)
BODY = b'{"metadata": {"name": "a", "labels": {"a": "b"}}, "items": [{"name": "x"}]}'
for number in range(100):
    meta = msgspec.defstruct("Meta", [("name", str, ""), ("labels", dict[str, str], {})])
    item = msgspec.defstruct("Item", [("name", str, ""), ("meta", meta | None, None)])
    fields = [("metadata", meta | None, None), ("items", list[item], [])]
    kinds = [msgspec.defstruct(name, fields) for name in ("Pods", "Services")]
    start = threading.Barrier(6)

    def read(kind):
        start.wait()
        answers.decode(BODY, kind)

    threads = [threading.Thread(target=read, args=(kinds[n % 2],)) for n in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
print("survived")
"""


def test_threads_that_ask_for_the_same_kind_first_do_not_end_the_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=300
    )
    assert (done.returncode, done.stdout) == (0, "survived\n"), done.stderr[-3000:]
