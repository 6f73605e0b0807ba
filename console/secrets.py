"""Secrets at rest and out of the logs. `python -m console.secrets` prints a fresh key."""

import logging
import re
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class Unreadable(Exception):
    """None of the configured keys decrypts this secret."""


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured(f"PODGATE_ENCRYPTION_KEYS holds a bad key: {error}") from None


def _current() -> MultiFernet:
    return _cipher(tuple(key.strip() for key in settings.ENCRYPTION_KEYS))


def encrypt(text: str) -> str:
    return _current().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    try:
        return _current().decrypt(token.encode()).decode()
    except InvalidToken:
        raise Unreadable(
            "A stored secret cannot be decrypted: PODGATE_ENCRYPTION_KEYS lacks its key."
        ) from None


HIDDEN = "[hidden]"
_KEY_WORDS = (
    r"secret[_-]?key|secret[_-]?id|secretkey|secretid|token|password|passwd|authorization|"
    r"client[_-]key[_-]data|client[_-]certificate[_-]data|client[_-]key|signature|private[_-]key"
)
_PATTERNS = (
    # -----BEGIN RSA PRIVATE KEY----- ... -----END RSA PRIVATE KEY-----
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)", re.S),
     HIDDEN),
    (re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+", re.I), rf"\1 {HIDDEN}"),
    (re.compile(r"TC3-HMAC-SHA256\s+Credential=\S+.*?Signature=\S+", re.I),
     f"TC3-HMAC-SHA256 {HIDDEN}"),
    # Tencent Cloud key ids.
    (re.compile(r"\bAKID[A-Za-z0-9_-]{8,}"), HIDDEN),
    # JSON web tokens: service account tokens among them.
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), HIDDEN),
    # "secret_key": "...", token=..., password: ...
    (re.compile(rf"""(?i)(["']?\b(?:{_KEY_WORDS})["']?\s*[:=]\s*)(["'])(?:\\.|(?!\2).)*\2"""),
     rf"\1\2{HIDDEN}\2"),
    (re.compile(rf"(?i)(\b(?:{_KEY_WORDS})\s*[:=]\s*)(?![\"'\[]|Bearer|Basic|TC3)[^\s,;&\"'}}]+"),
     rf"\1{HIDDEN}"),
    # scheme://user:password@host
    (re.compile(r"(\w+://[^/\s:@]*):[^@/\s]+@"), rf"\1:{HIDDEN}@"),
)  # fmt: skip


def scrub(text: str) -> str:
    """`text` with everything that looks like a credential replaced."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


_SECRET_NAME = re.compile(rf"(?i)^(?:{_KEY_WORDS}|credentials)$")


def scrubbed(value: object) -> object:
    """JSON-like `value` with the values of secret-sounding keys hidden, at any depth."""
    if isinstance(value, dict):
        return {
            key: HIDDEN if _SECRET_NAME.match(str(key)) else scrubbed(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [scrubbed(item) for item in value]
    return scrub(value) if isinstance(value, str) else value


class ScrubbedFormatter(logging.Formatter):
    """Scrubs the finished line, so that arguments and tracebacks are covered too.

    What a visitor was refused (a page that is not there, one beyond his role) is one line.
    """

    def format(self, record: logging.LogRecord) -> str:
        if 400 <= getattr(record, "status_code", 0) < 500:
            record = logging.makeLogRecord(record.__dict__ | {"exc_info": None, "exc_text": None})
        return scrub(super().format(record))


if __name__ == "__main__":
    print(Fernet.generate_key().decode())
