import logging
import os
import subprocess
import sys
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pytest_django.fixtures import Settings

from console import secrets
from console.secrets import ScrubbedFormatter, scrub, scrubbed


def test_what_was_encrypted_is_decrypted_and_unreadable_in_between() -> None:
    token = secrets.encrypt("AKIDexample")
    assert "AKIDexample" not in token
    assert secrets.decrypt(token) == "AKIDexample"


def test_an_old_key_still_decrypts_after_a_new_one_was_put_in_front(
    settings: Settings,
) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [old]
    token = secrets.encrypt("x")
    settings.ENCRYPTION_KEYS = [new, old]
    assert secrets.decrypt(token) == "x"
    settings.ENCRYPTION_KEYS = [new]
    with pytest.raises(secrets.Unreadable):
        secrets.decrypt(token)


def test_the_module_prints_a_usable_key_without_any_settings() -> None:
    environment = {"PATH": os.environ["PATH"]}
    printed = subprocess.run(
        [sys.executable, "-m", "console.secrets"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    Fernet(printed.stdout.strip())


@pytest.mark.parametrize(
    "line",
    [
        "Authorization: Bearer hush-hush",
        "authorization: 'Bearer hush-hush'",
        "Authorization: TC3-HMAC-SHA256 Credential=hush-hush/2025-01-01/clb/tc3_request, "
        "SignedHeaders=content-type;host, Signature=0123hush-hush",
        '{"secret_key": "hush-hush"}',
        "{'SecretKey': 'hush-hush'}",
        "token=hush-hush&x=1",
        "  token: hush-hush",
        "password = hush-hush",
        '"client-key-data": "hush-hush"',
        "redis://:hush-hush@127.0.0.1:6379/0",
        "postgres://podgate:hush-hush@db/podgate",
        "AKIDhush-hush",
        "eyJhbGciOiJSUzI1.hush-hush.hush-hush",
        "-----BEGIN RSA PRIVATE KEY-----\nhush-hush\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nhush-hush cut off",
    ],
)
def test_credentials_are_scrubbed_from_text(line: str) -> None:
    assert "hush-hush" not in scrub(line)


@pytest.mark.parametrize(
    "line",
    [
        "Pod storefront-7d4b9 is Ready",
        "GET /api/v1/namespaces/shop/pods/token-service-0",
        "ClientToken 1234-1 made lb-k8s12345",
        "continue token expired",
        "https://127.0.0.1:6443/api",
    ],
)
def test_other_text_is_left_alone(line: str) -> None:
    assert scrub(line) == line


def test_secret_fields_are_hidden_at_any_depth() -> None:
    value: Any = {"spec": [{"token": "hush-hush", "port": 80}], "note": "Bearer hush-hush"}
    assert scrubbed(value) == {
        "spec": [{"token": "[hidden]", "port": 80}],
        "note": "Bearer [hidden]",
    }


def test_a_logged_traceback_is_scrubbed_too() -> None:
    try:
        raise ValueError("token=hush-hush")
    except ValueError:
        record = logging.LogRecord(
            "x", logging.ERROR, __file__, 1, "secret_key=%s", ("hush-hush",), sys.exc_info()
        )
    text = ScrubbedFormatter("%(message)s").format(record)
    assert "ValueError" in text
    assert "hush-hush" not in text


def test_what_a_visitor_was_refused_is_one_line_and_a_failure_is_not() -> None:
    def line(status_code: int) -> str:
        try:
            raise PermissionError
        except PermissionError:
            record = logging.LogRecord(
                "django.request",
                logging.WARNING,
                __file__,
                1,
                "Refused: %s",
                ("/x",),
                sys.exc_info(),
            )
        record.status_code = status_code
        return ScrubbedFormatter("%(message)s").format(record)

    assert line(403) == "Refused: /x"
    assert "Traceback" in line(500)
