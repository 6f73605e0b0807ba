"""An early pytest plugin: the environment must stand before pytest-django reads the settings."""

import os
import tempfile
from pathlib import Path

_ROOT = Path(tempfile.mkdtemp(prefix="podgate-tests-"))

os.environ.update(
    DJANGO_SETTINGS_MODULE="console.settings",
    PODGATE_SECRET_KEY="tests-" + "x" * 50,
    PODGATE_ENCRYPTION_KEYS="MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    DATABASE_URL=os.environ.get("PODGATE_TEST_DATABASE_URL", f"sqlite:///{_ROOT}/db.sqlite3"),
    REDIS_URL=os.environ.get("PODGATE_TEST_REDIS_URL", "redis://127.0.0.1:1/0"),
    PODGATE_ALLOWED_API_SERVERS="127.0.0.0/8",
)
