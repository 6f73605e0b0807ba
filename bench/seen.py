"""A real browser on a page of the product: for benchmarks of what a person sees, and when."""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# When the page first held each mark, in epoch seconds: as the DOM changes, not as it is painted.
_WATCH = """() => {
  window.benchSeen = {};
  const look = () => {
    for (const found of document.body.textContent.matchAll(/beat=n(\\d+)/g)) {
      window.benchSeen[found[1]] ??= Date.now() / 1000;
    }
  };
  new MutationObserver(look).observe(
    document.body, { subtree: true, childList: true, characterData: true });
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=FLAGS, env=dict(os.environ)
        )
        try:
            yield browser
        finally:
            browser.close()


def opened(browser: Browser, url: str, session: str) -> Page:
    """A page of somebody who is logged in."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    host = url.split("/")[2].partition(":")[0]
    context.add_cookies([{"name": "sessionid", "value": session, "domain": host, "path": "/"}])
    page = context.new_page()
    answer = page.goto(url)
    assert answer
    assert answer.status == 200, (url, answer.status)
    return page


@contextmanager
def watched(url: str, session: str) -> Iterator[dict[int, float]]:
    """When an open browser's DOM first held a mark, by its number; complete after the block."""
    seen: dict[int, float] = {}
    ready, over = threading.Event(), threading.Event()
    trouble: list[BaseException] = []

    def look() -> None:
        try:
            with chromium() as browser:
                page = opened(browser, url, session)
                page.evaluate(_WATCH)
                ready.set()
                over.wait()
                found: dict[str, float] = page.evaluate("window.benchSeen")
                seen.update({int(number): at for number, at in found.items()})
        except BaseException as error:
            trouble.append(error)
            ready.set()

    thread = threading.Thread(target=look)
    thread.start()
    ready.wait()
    try:
        yield seen
        time.sleep(1)  # what is still on its way
    finally:
        over.set()
        thread.join()
        if trouble:
            raise trouble[0]


def memory(page: Page) -> dict[str, Any]:
    """Of the page after a garbage collection: JS heap in MiB, DOM nodes, listeners."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"]
    counted = session.send("Memory.getDOMCounters")
    session.detach()
    return {
        "JS heap MiB": round(heap / 2**20, 2),
        "DOM nodes": counted["nodes"],
        "listeners": counted["jsEventListeners"],
    }
