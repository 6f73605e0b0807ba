"""The stores' memory on disk: one SQLite file that a kill -9 cannot hurt.

Changes are gathered and written once per turn of the event loop. The file is never fsynced: the
emulated clusters must survive a killed process, not a power cut.
"""

import asyncio
import sqlite3
from pathlib import Path

import msgspec

from sandbox.kubernetes.kinds import Object

Row = tuple[str, str, str, str]

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS objects (
  cluster TEXT, kind TEXT, namespace TEXT, name TEXT, body BLOB,
  PRIMARY KEY (cluster, kind, namespace, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS revisions (cluster TEXT PRIMARY KEY, revision INTEGER);
"""


class Journal:
    def __init__(self, path: Path | str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript(_SCHEMA)
        self._pending: dict[Row, Object | None] = {}
        self._revisions: dict[str, int] = {}

    def load(self, cluster: str) -> tuple[int, list[tuple[str, Object]]]:
        """The last revision of a cluster and all its objects as (kind, object)."""
        found = self._db.execute(
            "SELECT revision FROM revisions WHERE cluster = ?", (cluster,)
        ).fetchone()
        rows = self._db.execute("SELECT kind, body FROM objects WHERE cluster = ?", (cluster,))
        return (found[0] if found else 0), [
            (kind, msgspec.json.decode(body)) for kind, body in rows
        ]

    def note(self, row: Row, obj: Object | None, revision: int) -> None:
        """Remember an object, or with None that it is gone."""
        idle = not self._pending
        self._pending[row] = obj
        self._revisions[row[0]] = revision
        if not idle:
            return
        try:
            asyncio.get_running_loop().call_soon(self.flush)
        except RuntimeError:
            self.flush()

    def flush(self) -> None:
        """Write what is pending; a write's answer leaves the server only after this."""
        if not self._pending:
            return
        saved = [(*row, msgspec.json.encode(obj)) for row, obj in self._pending.items() if obj]
        gone = [row for row, obj in self._pending.items() if obj is None]
        self._db.execute("BEGIN")
        self._db.executemany("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?)", saved)
        self._db.executemany(
            "DELETE FROM objects WHERE cluster = ? AND kind = ? AND namespace = ? AND name = ?",
            gone,
        )
        self._db.executemany(
            "INSERT OR REPLACE INTO revisions VALUES (?, ?)", list(self._revisions.items())
        )
        self._db.execute("COMMIT")
        self._pending.clear()
        self._revisions.clear()

    def close(self) -> None:
        self.flush()
        self._db.close()
