"""Questions asked at once, each once: their answers live for seconds, and nobody waits too long.

A question that has not answered in time is `Unread`; its thread goes on, so that the next look
finds the answer, and who wants to be told is told when it comes.
"""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.core.cache import cache

from console.facts import UnknownCluster
from console.kube import KubeError
from console.secrets import Unreadable
from console.tencent import CloudError, Throttled
from services.limits.facts import Unread
from services.limits.sentence import Sentence

# How long an answer counts, and a failure.
FRESH_SECONDS, FAILED_SECONDS = 10.0, 3.0
# Nobody asks for answers that are older than this.
KEPT_SECONDS = 60
GENERATION = "facts:generation"
type Key = tuple[object, ...]
_threads = ThreadPoolExecutor(max_workers=32, thread_name_prefix="facts")
_lock = threading.Lock()


@dataclass(frozen=True)
class Answer:
    """`at` is the clock's time."""

    value: Any
    at: float


@dataclass(frozen=True)
class Question:
    """`what` is how the API calls it: "vpc:DescribeVpcs", "get pods".

    `lasts` says whether an answer is good for some seconds; if not it lives as long as a failure.
    """

    what: str
    ask: Callable[[], Any]
    key: Key = ()
    lasts: Callable[[Any], bool] = lambda answer: True


_under_way: dict[Key, Future[Answer]] = {}


@dataclass(frozen=True)
class Answers:
    """By the names of the questions; `age` is the oldest's, in seconds."""

    found: Mapping[str, Any]
    age: float

    def __getitem__(self, name: str) -> Any:
        return self.found.get(name)


def ask(
    questions: Mapping[str, Question],
    *,
    seconds: float,
    fresh: float,
    stale: float = 0.0,
    late: Callable[[], None] | None = None,
) -> Answers:
    """All of them in parallel; answers no older than `fresh` seconds are not asked for again.

    Those no older than `stale` do until there is a newer one. `late` is called, in any thread, for
    every answer that came after `seconds` or is another than the stale one given instead.
    """
    started, generation = time.time(), cache.get(GENERATION, 0)
    found: dict[str, Answer] = {}
    asked: dict[str, Future[Answer]] = {}
    for name, question in questions.items():
        known = _known(question, generation) if fresh else None
        if known and started - known.at < _lives(question, known, fresh):
            found[name] = known
            continue
        future = _sent(question, generation)
        if known and started - known.at < stale and not isinstance(known.value, Unread):
            found[name] = known
            _tell(late, future, known)
        else:
            asked[name] = future
    wait(asked.values(), timeout=seconds)
    for name, future in asked.items():
        if future.done():
            found[name] = future.result()
        else:
            found[name] = Answer(_late(questions[name].what, seconds), started)
            _tell(late, future, None)
    now = time.time()
    ages = [now - one.at for one in found.values() if not isinstance(one.value, Unread)]
    return Answers({name: one.value for name, one in found.items()}, max(ages, default=0.0))


def _tell(late: Callable[[], None] | None, future: Future[Answer], given: Answer | None) -> None:
    """Once the answer is there, if it is another than the one given."""
    if late is None:
        return

    def done(answered: Future[Answer]) -> None:
        if answered.exception() is None and (
            given is None or answered.result().value != given.value
        ):
            late()

    future.add_done_callback(done)


def _lives(question: Question, known: Answer, fresh: float) -> float:
    lasts = not isinstance(known.value, Unread) and question.lasts(known.value)
    return fresh if lasts else min(fresh, FAILED_SECONDS)


def _sent(question: Question, generation: int) -> Future[Answer]:
    """One thread for all who ask the same at the same time."""
    key = (generation, *question.key)
    with _lock:
        running = _under_way.get(key) if question.key else None
        if running is not None and not running.done():
            return running
        future = _threads.submit(copy_context().run, _answer, question, generation)
        if question.key:
            _under_way[key] = future
        return future


def _answer(question: Question, generation: int) -> Answer:
    try:
        value = question.ask()
    except (CloudError, KubeError, UnknownCluster, Unreadable) as error:
        value = unread(question.what, error)
    answer = Answer(value, time.time())
    if question.key:
        # What was asked before a change is not known after it.
        cache.set(_name(question, generation), answer, KEPT_SECONDS)
        with _lock:
            _under_way.pop((generation, *question.key), None)
    return answer


def _known(question: Question, generation: int) -> Answer | None:
    found: Answer | None = cache.get(_name(question, generation)) if question.key else None
    return found


def _name(question: Question, generation: int) -> str:
    """Short, and of characters that every cache takes."""
    said = repr(question.key).encode()
    return f"facts:{generation}:{sha256(said).hexdigest()}"


def unread(what: str, error: Exception) -> Unread:
    """Why it could not be read, in the words of who has to change it."""
    if isinstance(error, KubeError):
        if error.status in {401, 403}:
            return Unread(Sentence("no permission to %(what)s", what=what))
        if error.status == 0:
            return Unread(Sentence("the API server does not answer (%(what)s)", what=what))
        return Unread(
            Sentence("%(what)s: %(error)s", what=what, error=str(error.message or error.reason))
        )
    if isinstance(error, CloudError):
        if error.code.startswith(("UnauthorizedOperation", "AuthFailure.Unauthorized")):
            return Unread(Sentence("no permission for %(what)s", what=what))
        if error.code == "NetworkError":
            return Unread(Sentence("%(what)s does not answer", what=what))
        if isinstance(error, Throttled):
            return Unread(Sentence("%(what)s waits for its turn (rate limit)", what=what))
        return Unread(Sentence("%(what)s: %(error)s", what=what, error=error.code))
    return Unread(Sentence("%(what)s: %(error)s", what=what, error=str(error).rstrip(".")))


def _late(what: str, seconds: float) -> Unread:
    return Unread(
        Sentence(
            "%(what)s has not answered within %(seconds)s s", what=what, seconds=f"{seconds:.1f}"
        )
    )


def forget() -> None:
    """After a change that podgate itself made."""
    cache.set(GENERATION, time.time_ns(), timeout=None)
