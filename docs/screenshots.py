"""Takes docs/screenshots/ from a product it starts itself: `python -m docs.screenshots`.

One run of about seven minutes in real time, so that every duration is what a person would see.
`--only clusters service --looks 1280 1920-dark-zh` takes a part of them, in less.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as Late

from bench.stack import Running, running
from docs import screenshots_world as world

CLUSTER, ROUTER = "/clusters/cls-vpccni01", f"/clusters/{world.ROUTER}"
WORKLOADS = f"{CLUSTER}/workloads/deployment"
ACTIONS = f"{CLUSTER}/actions/deployment"
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path(__file__).parent / "screenshots"
    )
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    suffixes = [look.suffix for look in ALL]
    parser.add_argument("--looks", nargs="+", default=suffixes, choices=suffixes)
    wanted = parser.parse_args()
    wanted.folder.mkdir(exist_ok=True)
    looks = [look for look in ALL if look.suffix in wanted.looks]
    with running() as product, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        story(Camera(product, browser, wanted.folder, wanted.only, looks))
        browser.close()


def story(camera: Camera) -> None:
    product = camera.product
    world.build(product)
    for look in camera.looks:
        camera.open(look)
        camera.pages[look].set_default_timeout(12_000)
    before_anything(camera)
    for workload in ("storefront", "catalog", "basket"):
        world.wait(product, workload)
    world.damage_webhook(product)
    world.roll(product, "storefront", "shop/storefront:2.4.2")
    world.roll(product, "basket", "shop/basket:1.5.0")
    router(camera)
    trouble(camera)
    world.wait(product, "storefront")
    lists(camera)
    world.roll(product, "catalog", "shop/catalog:1.19.0")
    started = time.monotonic()
    actions(camera)
    while time.monotonic() - started < 28:
        time.sleep(0.5)
    rollouts(camera)
    rest(camera)


def before_anything(camera: Camera) -> None:
    create = f"{CLUSTER}/services/create/?namespace=shop&workload=deployment/reviews"
    camera.take("service-create", create, TWICE, do=fill)
    camera.take("service-picker", create, do=pick)
    camera.take("cluster-basic-globalrouter", f"{ROUTER}/", TWICE)
    refused = f"{ROUTER}/services/create/?namespace=shop&workload=deployment/orders"
    camera.take("service-create-refused", refused, TWICE, do=fill)
    camera.take("sandbox", "/sandbox/")
    camera.take("not-found", "/clusters/cls-nowhere/", (SMALL,))


def router(camera: Camera) -> None:
    camera.take("remedy-ccn", f"{ROUTER}/", do=to_ccn)
    page = next(iter(camera.pages.values()))
    page.goto(f"{ROUTER}/")
    to_ccn(page)
    page.click("main form[method=post] button.primary")
    page.wait_for_url("**/clusters/cls-router01/")
    world.build_router(camera.product)
    camera.take("cluster-basic-ccn-on", f"{ROUTER}/")


def trouble(camera: Camera) -> None:
    dead, missing = (world.pod_of(camera.product, name) for name in ("payments", "checkout"))
    pods = f"{CLUSTER}/pods/shop"
    camera.take("pod-dead", f"{pods}/{dead}/", ALL, do=lambda page: found(page))
    camera.take("pod-image-pull", f"{pods}/{missing}/", do=lambda page: found(page))
    camera.take("workload-stuck", f"{WORKLOADS}/shop/checkout/", do=lambda page: found(page))
    camera.take("service-dead", f"{CLUSTER}/services/shop/payments/", do=lambda page: found(page))
    camera.take("service-guard-stopped", f"{CLUSTER}/services/shop/basket/")
    camera.take("rollout-stopped", f"{WORKLOADS}/shop/basket/rollout/")
    camera.take("traffic-guard", f"{CLUSTER}/services/shop/storefront/guard/set/")
    camera.take("service-blocked", f"{CLUSTER}/services/shop/reviews-internal/")
    limits = f"{ROUTER}/services/shop/orders-public/"
    camera.take("service-limits", limits, TWICE, do=lambda page: found(page))
    remedy = "#limits a.button[href*=open-security-group] >> nth=0"
    camera.take("remedy-security-group", limits, do=lambda page: follow(page, remedy))


def lists(camera: Camera) -> None:
    camera.take("clusters", "/", TWICE)
    camera.take("cluster-basic", f"{CLUSTER}/", TWICE)
    camera.take("deployments", f"{WORKLOADS}/")
    camera.take("deployments-chosen", f"{WORKLOADS}/?namespace=shop", do=choose)
    camera.take("pods", f"{CLUSTER}/pods/?namespace=shop", TWICE)
    camera.take("pods-dead", f"{CLUSTER}/pods/?namespace=shop&health=Dead")
    camera.take("pods-nothing", f"{CLUSTER}/pods/?namespace=shop&q=nowhere", (SMALL,))
    camera.take("services", f"{CLUSTER}/services/", TWICE)


def actions(camera: Camera) -> None:
    images = "on=shop/storefront&preview=1&image:storefront=shop/storefront:2.5.0"
    camera.take("action-images", f"{ACTIONS}/images/?{images}", TWICE)
    camera.take("action-rollback", f"{ACTIONS}/rollback/?on=shop/storefront&preview=1&to=1")
    pod = world.pod_of(camera.product, "storefront")
    camera.take("pods-delete", f"{CLUSTER}/actions/pod/delete/?on=shop/{pod}")


def rollouts(camera: Camera) -> None:
    camera.take("rollout", f"{WORKLOADS}/shop/catalog/rollout/", ALL)
    camera.take("deployment-rolling", f"{WORKLOADS}/shop/catalog/", (SMALL,))
    camera.take("rollout-finished", f"{WORKLOADS}/shop/storefront/rollout/", ALL)
    camera.take("time-to-ready", f"{WORKLOADS}/shop/storefront/time-to-ready/?window=day", TWICE)


def rest(camera: Camera) -> None:
    pod = f"{CLUSTER}/pods/shop/{world.pod_of(camera.product, 'storefront')}/"
    camera.take("pod", pod, ALL)
    camera.take("pod-logs", f"{pod}logs/", TWICE, do=logged)
    camera.take("deployment", f"{WORKLOADS}/shop/storefront/")
    camera.take("statefulset", f"{CLUSTER}/workloads/statefulset/shop/cart/", (SMALL,))
    service = f"{CLUSTER}/services/shop/storefront/"
    camera.take("service", service, ALL)
    camera.take("service-delete", f"{service}delete/")
    camera.take("search", "/search/?q=storefront", ALL)
    camera.take("search-palette", service, ALL, do=ask)
    camera.take("search-nothing", "/search/?q=nowhere", (SMALL,))
    layer = f"{CLUSTER}/access-layer/"
    camera.take("access-layer", layer, TWICE)
    camera.take("access-layer-settings", f"{layer}settings/")
    camera.take("access-layer-roll", f"{layer}roll/deployment/shop/reviews/", (SMALL,))
    camera.take("events", f"{CLUSTER}/events/")
    camera.take("cluster-activity", f"{CLUSTER}/activity/")
    camera.take("activity", "/activity/", TWICE)
    camera.take("accounts", "/accounts/", (SMALL,))


def fill(page: Page) -> None:
    """The form as somebody has it just before creating the Service."""
    page.fill("[name=name]", "public-api")
    page.fill("[name=ports-0-target]", "http")
    page.fill("[name=ports-0-port]", "8081")
    page.fill("[name=interval]", "3")
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(900)


def pick(page: Page) -> None:
    fill(page)
    page.click("button[value=pick]")


def follow(page: Page, selector: str) -> None:
    page.click(selector)
    page.wait_for_selector(".remedy")


def to_ccn(page: Page) -> None:
    follow(page, "#direct_access .toggle")


def found(page: Page) -> None:
    page.wait_for_selector("#findings .callout, #limits li", state="attached")


def choose(page: Page) -> None:
    page.check("[data-all]")


def logged(page: Page) -> None:
    page.wait_for_selector("#log .line")


def ask(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("shop/storefront")
    page.wait_for_selector("#palette [role=option]")


if __name__ == "__main__":
    main()
