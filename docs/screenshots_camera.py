"""The camera of docs/screenshots: one browser page per look of the console, kept open."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page
from playwright.sync_api import TimeoutError as Late

from bench.stack import Running

TALLEST = 1500


class Look(NamedTuple):
    """How somebody looks at the console."""

    width: int
    theme: str
    language: str

    @property
    def suffix(self) -> str:
        words = (str(self.width), self.theme.replace("light", ""), self.language[:2])
        return "-".join(word for word in words if word not in {"", "en"})


SMALL, LARGE = Look(1280, "light", "en"), Look(1920, "light", "en")
DARK, CHINESE = Look(1280, "dark", "en"), Look(1280, "light", "zh-hans")
DARK_CHINESE = Look(1920, "dark", "zh-hans")
BOTH = (SMALL, LARGE)
TWICE = (*BOTH, DARK, CHINESE)
ALL = (*TWICE, DARK_CHINESE)
type Do = Callable[[Page], None]


@dataclass
class Camera:
    """The browser: one page per look, kept open."""

    product: Running
    browser: Browser
    folder: Path
    only: Sequence[str] = ()
    looks: Sequence[Look] = ALL
    after: Callable[[Page, str], None] = lambda page, name: None
    pages: dict[Look, Page] = field(default_factory=dict)

    def open(self, look: Look) -> None:
        context = self.browser.new_context(
            base_url=self.product.url,
            viewport={"width": look.width, "height": 860},
            color_scheme="dark" if look.theme == "dark" else "light",
        )
        here = {"name": "django_language", "value": look.language, "url": self.product.url}
        context.add_cookies([here])  # type: ignore[list-item]
        page = self.pages[look] = context.new_page()
        page.goto("/login/")
        if look in BOTH and not self.only:
            page.screenshot(path=self.folder / f"login-{look.suffix}.png")
        page.fill("[name=username]", "admin")
        page.fill("[name=password]", self.product.password)
        page.click("main button.primary")

    def take(
        self, name: str, path: str = "", looks: Sequence[Look] = BOTH, do: Do | None = None
    ) -> None:
        for look in looks:
            if look not in self.pages or (self.only and name not in self.only):
                continue
            page = self.pages[look]
            try:
                if path:
                    page.goto(path)
                if do:
                    do(page)
                self.shoot(page, f"{name}-{look.suffix}")
            except Late as late:
                print(f"{name}-{look.suffix}: {str(late).splitlines()[0]}", flush=True)

    def shoot(self, page: Page, file: str) -> None:
        settled(page)
        size = page.evaluate(
            "({width: innerWidth, height: Math.max(innerHeight, document.body.scrollHeight),"
            " over: document.documentElement.scrollWidth - innerWidth})"
        )
        if size["over"] > 0:
            print(f"{file}: {size['over']} px too wide")
        # A window as tall as the page: what sticks to its edges is drawn there, not in the middle.
        page.set_viewport_size({"width": size["width"], "height": min(size["height"], TALLEST)})
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=self.folder / f"{file}.png")
        self.after(page, file)
        page.set_viewport_size({"width": size["width"], "height": 860})
        print(f"{time.strftime('%H:%M:%S')} {file}", flush=True)


def settled(page: Page) -> None:
    """Until the stream's first word, so that ages are what a person sees."""
    said = "() => [...document.querySelectorAll('.live')].every(it => /\\d/.test(it.textContent))"
    try:
        page.wait_for_function(said, timeout=4000)
    except Late:
        print(f"{page.url}: no word of the stream within 4 s")
    page.wait_for_timeout(450)
