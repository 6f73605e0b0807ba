"""Where the emulated cloud survives kill -9: one SQLite table of documents, written as they change.

The process's memory is the truth while it runs; a start reads everything back.
"""

import sqlite3
from pathlib import Path
from typing import Any

import msgspec


class Store:
    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        # Outlives the process, which is what is promised, not the machine's power.
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS documents"
            " (kind TEXT, id TEXT, body BLOB, PRIMARY KEY (kind, id)) WITHOUT ROWID"
        )

    def put(self, kind: str, id: str, document: object) -> None:
        body = msgspec.json.encode(document)
        self._db.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (kind, id, body))

    def drop(self, kind: str, id: str) -> None:
        self._db.execute("DELETE FROM documents WHERE kind = ? AND id = ?", (kind, id))

    def read[T](self, kind: str, into: type[T]) -> dict[str, T]:
        rows = self._db.execute("SELECT id, body FROM documents WHERE kind = ?", (kind,))
        return {id: msgspec.json.decode(body, type=into) for id, body in rows}

    def setting(self, id: str, default: Any) -> Any:
        return self.read("setting", dict[str, Any]).get(id, {}).get("value", default)

    def set(self, id: str, value: object) -> None:
        self.put("setting", id, {"value": value})

    def clear(self) -> None:
        self._db.execute("DELETE FROM documents")

    def close(self) -> None:
        self._db.close()
