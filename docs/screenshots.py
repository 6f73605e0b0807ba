"""Takes docs/screenshots/ from the running product: `python docs/screenshots.py [STATE [URL]]`.

Needs `make run` and two Services on cls-vpccni01: shop/storefront, Ready, and shop/reviews-internal
on the full subnet, Blocked.
"""

import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).resolve().parent / "screenshots"
CLUSTER = "/clusters/cls-vpccni01"
WIDTHS = (1280, 1920)
TALLEST = 1500
PAGES = {
    "clusters": "/",
    "cluster-basic": f"{CLUSTER}/",
    "cluster-basic-globalrouter": "/clusters/cls-router01/",
    "deployments": f"{CLUSTER}/workloads/deployment/",
    "deployment": f"{CLUSTER}/workloads/deployment/shop/storefront/",
    "pods": f"{CLUSTER}/pods/?namespace=shop",
    "pod": "the first of the Pods",
    "services": f"{CLUSTER}/services/",
    "service-create": f"{CLUSTER}/services/create/?namespace=shop&workload=deployment/catalog",
    "service-picker": "the Reference Workload dialog",
    "service": f"{CLUSTER}/services/shop/storefront/",
    "service-blocked": f"{CLUSTER}/services/shop/reviews-internal/",
    "service-delete": f"{CLUSTER}/services/shop/storefront/delete/",
    "events": f"{CLUSTER}/events/",
    "cluster-activity": f"{CLUSTER}/activity/",
    "activity": "/activity/",
    "accounts": "/accounts/",
    "sandbox": "/sandbox/",
    "not-found": "/clusters/cls-nowhere/",
}
# Shown once more in the dark, and in Chinese.
TWICE = ("clusters", "cluster-basic", "service", "service-create")


def main() -> None:
    state = Path(sys.argv[1] if len(sys.argv) > 1 else ".sandbox")
    url = sys.argv[2] if len(sys.argv) > 2 else "http://127.0.0.1:8000"
    password = (state / "password").read_text().strip()
    HERE.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        for width in WIDTHS:
            page = signed_in(browser, url, password, width=width)
            for name in PAGES:
                take(page, url, name, f"{name}-{width}")
        for theme, language, suffix in (("dark", "en", "dark"), ("light", "zh-hans", "zh")):
            page = signed_in(browser, url, password, theme=theme, language=language)
            for name in TWICE:
                take(page, url, name, f"{name}-1280-{suffix}")
        browser.close()


def signed_in(
    browser: Browser,
    url: str,
    password: str,
    *,
    width: int = 1280,
    theme: str = "light",
    language: str = "en",
) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 860},
        color_scheme="dark" if theme == "dark" else "light",
    )
    context.add_cookies([{"name": "django_language", "value": language, "url": url}])
    page = context.new_page()
    page.goto(f"{url}/login/")
    if theme == "light" and language == "en":
        page.screenshot(path=HERE / f"login-{width}.png")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", password)
    page.click("main button.primary")
    return page


def take(page: Page, url: str, name: str, file: str) -> None:
    if name == "pod":
        page.goto(url + f"{CLUSTER}/pods/?namespace=shop&q=storefront")
        page.click("#main tbody th a >> nth=0")
    elif name in {"service-create", "service-picker"}:
        page.goto(url + PAGES["service-create"])
        fill(page)
        if name == "service-picker":
            page.click("button[value=pick]")
    else:
        page.goto(url + PAGES[name])
    # Long enough for the stream's first word, so that ages are what a person sees.
    page.wait_for_timeout(2500)
    size = page.evaluate(
        "({width: innerWidth, height: Math.max(innerHeight, document.body.scrollHeight),"
        " over: document.documentElement.scrollWidth - innerWidth})"
    )
    if size["over"] > 0:
        print(f"{file}: {size['over']} px too wide")
    # A window as tall as the page: what sticks to its edges is drawn there, not in the middle.
    page.set_viewport_size({"width": size["width"], "height": min(size["height"], TALLEST)})
    page.screenshot(path=HERE / f"{file}.png")
    page.set_viewport_size({"width": size["width"], "height": 860})
    print(file)


def fill(page: Page) -> None:
    """The form as somebody has it just before creating the Service."""
    page.fill("[name=name]", "catalog-api")
    page.fill("[name=ports-0-target]", "http")
    page.fill("[name=ports-0-port]", "8081")
    page.fill("[name=interval]", "3")


if __name__ == "__main__":
    main()
