"""The browser ring: the whole product as `make run` starts it, and Debian's Chromium on top."""

import os
import shutil
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from bench.stack import Running, running

# Outcomes, not speed: the machine may be busy.
expect.set_options(timeout=90_000)
# htmx calls it an error when a newer request takes the place of one under way (hx-sync: replace).
REPLACED = ("htmx:afterRequest", "htmx:sendAbort")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def _chromium() -> str:
    found = shutil.which("chromium")
    if found is None and os.environ.get("CI") != "true":
        pytest.skip("chromium is not installed (apt-get install chromium)")
    assert found, "chromium is missing: bootstrap.sh tools installs it"
    return found


@pytest.fixture(scope="session")
def product() -> Iterator[Running]:
    """A running product whose sandbox is five times as fast as the real thing, its drains too."""
    _chromium()
    with running(PODGATE_SANDBOX_TIME_SCALE="0.2", PODGATE_DRAIN_SECONDS="2") as started:
        yield started


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path=_chromium(), args=FLAGS)
    yield started
    started.close()


@pytest.fixture
def page(browser: Browser, product: Running, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of a fresh session, not logged in; an error in the console fails the test."""
    context = browser.new_context(base_url=product.url, viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(90_000)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    yield opened
    context.close()
    provoked = [mark.args[0] for mark in request.node.iter_markers("console_error")]
    expected = (*provoked, *REPLACED)
    unexpected = [error for error in errors if not any(text in error for text in expected)]
    assert [error for error in unexpected if "status of 4" not in error] == []


def log_in(
    page: Page, product: Running, path: str = "/", *, user: str = "admin", password: str = ""
) -> None:
    page.goto(f"/login/?next={quote(path)}")
    page.get_by_label("User name").fill(user)
    page.get_by_label("Password").fill(password or product.password)
    page.get_by_role("button", name="Log in").click()
    # Loaded: a key that is pressed before the page's scripts listen is lost.
    page.wait_for_url(lambda url: "/login/" not in url)
