"""`python -m bench.first_page`: bytes that travel for a page with everything on it, cache empty.

Counted by Chromium itself: `encodedDataLength` of every answer, headers included. A stream of
live updates never ends and does not count.
"""

import os
import shutil
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench import report
from bench.stack import Running, running

CLUSTER = "/clusters/cls-vpccni01/"
PAGES = {
    "Log in": "/login/",
    "Clusters": "/",
    "Basic Information": CLUSTER,
    "Service list": f"{CLUSTER}services/",
    "Service": f"{CLUSTER}services/shop/front/",
    "Create a Service": f"{CLUSTER}services/create/",
    "Pods": f"{CLUSTER}pods/",
    "Deployments": f"{CLUSTER}workloads/deployment/",
    "Rollout": f"{CLUSTER}workloads/deployment/shop/catalog/rollout/",
}
LIMIT = 100 * 1024
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@dataclass
class Traffic:
    """What one page fetched, by address."""

    urls: dict[str, str] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)

    def follow(self, page: Page) -> None:
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._asked)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def _asked(self, event: dict[str, Any]) -> None:
        self.urls[event["requestId"]] = event["request"]["url"]

    def _finished(self, event: dict[str, Any]) -> None:
        url = self.urls.get(event["requestId"], "")
        self.bytes[url] = self.bytes.get(url, 0) + int(event["encodedDataLength"])


def main() -> None:
    with running(PODGATE_SANDBOX_TIME_SCALE="0.1") as product, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=FLAGS, env=dict(os.environ)
        )
        bind(product)
        first = browser.new_page()
        log_in(first, product)
        cookies = list(first.context.cookies())
        results = {
            name: weigh(browser, product, path, cookies if path != "/login/" else [])
            for name, path in PAGES.items()
        }
        browser.close()
    report.write(
        "first_page",
        settings={
            "browser": "Chromium, empty cache, 1280 x 900",
            "limit bytes": LIMIT,
            "Pods of the Service": 20,
        },
        results=results,
    )


def bind(product: Running) -> None:
    """A Service with twenty Pods, bound, Ready and rolled once, so that their pages are full."""
    manifest = (
        '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "front", "namespace":'
        ' "shop"}, "spec": {"type": "LoadBalancer", "loadBalancerClass": "podgate.dev/clb",'
        ' "selector": {"app": "catalog"}, "ports": [{"port": 8080, "targetPort": 8081}]}}'
    )
    product.kubectl("apply", "-f", "-", text=manifest)
    product.kubectl(
        *("-n", "shop", "wait", "--for=condition=Available", "deployment/catalog"),
        "--timeout=180s",
    )
    product.kubectl("-n", "shop", "rollout", "restart", "deployment/catalog")
    product.kubectl("-n", "shop", "rollout", "status", "deployment/catalog", "--timeout=180s")


def log_in(page: Page, product: Running) -> None:
    page.goto(f"{product.url}/login/")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(product.password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{product.url}/")


def weigh(browser: Browser, product: Running, path: str, cookies: list[Any]) -> dict[str, Any]:
    context = browser.new_context(base_url=product.url, viewport={"width": 1280, "height": 900})
    context.add_cookies(cookies)
    page, traffic = context.new_page(), Traffic()
    traffic.follow(page)
    answer = page.goto(path, wait_until="load")
    assert answer
    assert (answer.status, page.url) == (200, product.url + path)
    page.wait_for_timeout(2000)  # whatever the page fetches by itself
    context.close()
    total = sum(traffic.bytes.values())
    heaviest = sorted(traffic.bytes.items(), key=lambda item: -item[1])
    return {
        "bytes": total,
        "KiB": round(total / 1024, 1),
        "within the limit": total <= LIMIT,
        "requests": len(traffic.bytes),
        "heaviest": {url.removeprefix(product.url)[:80]: size for url, size in heaviest[:6]},
    }


if __name__ == "__main__":
    main()
