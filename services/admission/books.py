"""What is to be written into the database, kept until there is one.

Answers and repairs must not wait for it; `flush` is called by the one thread that may.
"""

import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import DatabaseError, connection

_log = logging.getLogger(__name__)
# Of a database that is away for long, the newest lines are kept.
KEPT = 10_000


class Books:
    def __init__(self) -> None:
        self._lines: deque[Callable[[], None]] = deque(maxlen=KEPT)

    def add(self, write: Callable[..., None], *arguments: Any, **values: Any) -> None:
        self._lines.append(partial(write, *arguments, **values))

    def flush(self) -> None:
        """Writes what waits, oldest first; raises DatabaseError and keeps the rest."""
        while self._lines:
            line = self._lines[0]
            try:
                line()
            except DatabaseError:
                connection.close()
                raise
            except Exception:
                _log.exception("a line of the access layer's books cannot be written")
            self._lines.popleft()
