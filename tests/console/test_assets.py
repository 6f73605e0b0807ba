"""Static files over raw ASGI: whole, compressed, never asked for twice, and nothing else."""

import asyncio
import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from django.templatetags.static import static

from console.asgi import application
from console.assets import FOREVER, STYLES


class Answer:
    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""

    async def take(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.body += message["body"]


def ask(url: str, method: str = "GET", **headers: str) -> Answer:
    path, _, query = url.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(n.replace("_", "-").encode(), v.encode()) for n, v in headers.items()],
    }
    answer = Answer()

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    asyncio.run(application(scope, receive, answer.take))
    return answer


@pytest.mark.parametrize(
    "name", ["console.js", "icons.svg", "django_htmx/htmx-2.min.js", STYLES, "favicon.svg"]
)
def test_a_file_travels_compressed_once_and_for_ever(name: str) -> None:
    plain, packed = ask(static(name)), ask(static(name), accept_encoding="gzip, br")
    assert plain.status == packed.status == 200
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) == int(packed.headers["content-length"]) <= len(plain.body)
    assert packed.headers["cache-control"] == FOREVER.decode()
    assert packed.headers["x-content-type-options"] == "nosniff"


def test_an_address_without_the_right_hash_is_asked_for_again() -> None:
    for url in ("/static/console.js", "/static/console.js?v=old"):
        answer = ask(url)
        assert answer.headers["cache-control"] == "no-cache"
        again = ask(url, if_none_match=answer.headers["etag"])
        assert (again.status, again.body) == (304, b"")


def test_all_styles_are_one_file_and_the_tokens_come_first() -> None:
    text = ask(static(STYLES)).body.decode()
    folder = Path("static")
    assert text.startswith((folder / "tokens.css").read_text())
    for sheet in folder.glob("*.css"):
        assert sheet.read_text() in text


def test_what_a_style_or_a_template_names_is_there() -> None:
    names = {
        name
        for page in Path("templates").rglob("*.html")
        for name in re.findall(r"{% static '([^']+)' %}", page.read_text())
    }
    assert STYLES in names
    for name in names:
        assert ask(static(name)).status == 200


def test_a_file_that_is_not_there_has_no_address() -> None:
    with pytest.raises(ValueError, match="nowhere.css"):
        static("nowhere.css")


@pytest.mark.parametrize(
    "path",
    ["nowhere.js", "", "../manage.py", "a/../../manage.py", "/etc/passwd", "django_htmx", "a\0b"],
)
def test_nothing_else_is_served(path: str) -> None:
    answer = ask(f"/static/{path}")
    assert answer.status == 404
    assert b"import" not in answer.body


def test_the_head_alone_and_nothing_but_reading() -> None:
    head = ask(static("console.js"), "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["content-length"]) > 1000
    assert ask(static("console.js"), "POST").status == 405
