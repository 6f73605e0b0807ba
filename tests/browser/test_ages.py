"""What live.js says of how old a page is, of lag and of silence, told by a stream of the test's."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Browser, Page, Route, expect

from console.models import Cluster

pytestmark = pytest.mark.browser
SITE, START = "http://podgate.test/", 1_700_000_000
SCRIPT = Path(__file__).parents[2] / "static" / "live.js"
type Opened = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opened]:
    """Opens a page of cls-a whose stream says these beats, one per connection, then nothing more.

    Time stands still; `page.clock.run_for` moves it.
    """
    context = browser.new_context()

    def opens(*beats: dict[str, Any] | None) -> Page:
        left = iter(beats)

        def live(route: Route) -> None:
            if (beat := next(left, None)) is None:
                return route.abort()
            said = f"event: beat\ndata: {json.dumps(beat)}\n\n"
            return route.fulfill(content_type="text/event-stream", body=said)

        page = context.new_page()
        page.clock.install(time=START)
        page.clock.pause_at(START + 60)
        shown = render_to_string("snippets/live.html", {"cluster": Cluster(cluster_id="cls-a")})
        html = f'{shown}<p id="state" data-live="/state"></p><script src="/live.js"></script>'
        page.route("**/*", lambda route: route.abort())
        page.route("**/live/**", live)
        page.route("**/live.js", lambda route: route.fulfill(path=SCRIPT))
        page.route(
            SITE, lambda route: route.fulfill(content_type="text/html; charset=utf-8", body=html)
        )
        page.goto(SITE)
        return page

    yield opens
    context.close()


def beat(*, slow: bool = False, **age: float | None) -> dict[str, Any]:
    return {"ages": {"cls-a": {"heard": 1.2, "event": 42.0, "lag": 0.05} | age}, "slow": slow}


@pytest.mark.parametrize(
    ("said", "words", "is_stale"),
    [
        (beat(), "updated 1 s ago", False),
        (beat(lag=2.46), "updated 1 s ago · changes come 2.5 s late", False),
        (beat(slow=True), "updated 1 s ago, live updates are slow", False),
        (beat(heard=7.9), "updated 7 s ago", True),
        (beat(heard=None), "never read", True),
        # Of a cluster nobody watches nothing is known.
        ({"ages": {}, "slow": False}, "never read", True),
    ],
)
def test_the_shell_says_how_old_the_page_is(
    opened: Opened, said: dict[str, Any], words: str, is_stale: bool
) -> None:
    age = opened(said).locator(".live")
    expect(age).to_have_text(words)
    assert (age.get_attribute("data-stale") is not None) is is_stale


def test_the_last_event_and_its_lag_are_told_and_counted_on(opened: Opened) -> None:
    page = opened(beat(lag=0.25), beat(event=None))
    age = page.locator(".live")
    expect(age).to_have_attribute(
        "title", "Last event 42 s ago, in the index 0.25 s after it arrived"
    )
    # Where nothing has happened yet there is no last event; the stream is opened again by then.
    page.clock.run_for(1000)
    expect(age).to_have_attribute("title", "")


def test_a_stream_that_falls_silent_is_said(opened: Opened) -> None:
    page = opened(beat())
    age = page.locator(".live")
    expect(age).to_have_text("updated 1 s ago")
    page.clock.run_for(3000)
    expect(age).to_have_text("updated 4 s ago")
    assert age.get_attribute("data-stale") is None
    page.clock.run_for(4000)
    expect(age).to_have_text("updated 8 s ago, reconnecting")
    assert age.get_attribute("data-stale") is not None


def test_before_the_first_word_of_the_stream_nothing_is_called_updated(opened: Opened) -> None:
    page = opened()
    age = page.locator(".live")
    page.clock.run_for(3000)
    expect(age).to_have_text("connecting")
    page.clock.run_for(4000)
    expect(age).to_have_text("updated 7 s ago, reconnecting")
