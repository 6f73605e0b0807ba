"""Takes docs/screenshots/ from a product it starts itself: `python -m docs.screenshots`.

One run of about seven minutes in real time, so that every duration is what a person would see.
`--only clusters service --looks 1280 1920-dark-zh` takes a part of them, in less.
"""

import argparse
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.stack import running
from docs import screenshots_world as world
from docs.screenshots_camera import ALL, TWICE, Camera

CLUSTER, ROUTER = "/clusters/cls-vpccni01", f"/clusters/{world.ROUTER}"
WORKLOADS = f"{CLUSTER}/workloads/deployment"
ACTIONS = f"{CLUSTER}/actions/deployment"


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
    out_of_reach(camera)


def before_anything(camera: Camera) -> None:
    create = f"{CLUSTER}/services/create/?namespace=shop&workload=deployment/reviews"
    camera.take("service-create", create, TWICE, do=fill)
    camera.take("service-create-wrong", create, TWICE, do=spoil)
    camera.take("service-create-yaml", create, do=preview)
    camera.take("service-picker", create, do=pick)
    camera.take("cluster-basic-globalrouter", f"{ROUTER}/", TWICE)
    refused = f"{ROUTER}/services/create/?namespace=shop&workload=deployment/orders"
    camera.take("service-create-refused", refused, TWICE, do=fill)
    camera.take("sandbox", "/sandbox/")
    camera.take("not-found", "/clusters/cls-nowhere/")
    camera.take("services-nothing", f"{CLUSTER}/services/?q=nowhere")


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
    camera.take("statefulsets", f"{CLUSTER}/workloads/statefulset/")
    camera.take("daemonsets", f"{CLUSTER}/workloads/daemonset/")
    camera.take("daemonset", f"{CLUSTER}/workloads/daemonset/kube-system/node-agent/")
    camera.take("pods-nothing", f"{CLUSTER}/pods/?namespace=shop&q=nowhere")
    camera.take("services", f"{CLUSTER}/services/", TWICE)


def actions(camera: Camera) -> None:
    images = "on=shop/storefront&preview=1&image:storefront=shop/storefront:2.5.0"
    camera.take("action-images", f"{ACTIONS}/images/?{images}", TWICE)
    camera.take("action-rollback", f"{ACTIONS}/rollback/?on=shop/storefront&preview=1&to=1")
    camera.take("action-restart", f"{ACTIONS}/restart/?on=shop/storefront&preview=1")
    camera.take("action-scale", f"{ACTIONS}/scale/?on=shop/storefront")
    pod = world.pod_of(camera.product, "storefront")
    camera.take("pods-delete", f"{CLUSTER}/actions/pod/delete/?on=shop/{pod}")


def rollouts(camera: Camera) -> None:
    camera.take("rollout", f"{WORKLOADS}/shop/catalog/rollout/", ALL)
    camera.take("deployment-rolling", f"{WORKLOADS}/shop/catalog/")
    camera.take("rollout-finished", f"{WORKLOADS}/shop/storefront/rollout/", ALL)
    camera.take("time-to-ready", f"{WORKLOADS}/shop/storefront/time-to-ready/?window=day", TWICE)


def rest(camera: Camera) -> None:
    pod = f"{CLUSTER}/pods/shop/{world.pod_of(camera.product, 'storefront')}/"
    camera.take("pod", pod, ALL)
    camera.take("pod-logs", f"{pod}logs/", TWICE, do=logged)
    camera.take("deployment", f"{WORKLOADS}/shop/storefront/")
    camera.take("statefulset", f"{CLUSTER}/workloads/statefulset/shop/cart/")
    service = f"{CLUSTER}/services/shop/storefront/"
    camera.take("service", service, ALL)
    camera.take("service-time-to-ready", f"{service}time-to-ready/")
    camera.take("service-delete", f"{service}delete/")
    camera.take("search", "/search/?q=storefront", ALL)
    camera.take("search-palette", service, ALL, do=ask)
    camera.take("search-nothing", "/search/?q=nowhere")
    layer = f"{CLUSTER}/access-layer/"
    camera.take("access-layer", layer, TWICE)
    camera.take("access-layer-settings", f"{layer}settings/")
    camera.take("access-layer-roll", f"{layer}roll/deployment/shop/reviews/")
    camera.take("access-layer-roll-all", f"{layer}roll/")
    camera.take("events", f"{CLUSTER}/events/")
    camera.take("cluster-activity", f"{CLUSTER}/activity/")
    camera.take("activity", "/activity/", TWICE)
    camera.take("accounts", "/accounts/")


def out_of_reach(camera: Camera) -> None:
    """Last, because little works meanwhile."""
    world.fault(camera.product, "tencent", "error_500")
    camera.take("cluster-cloud-away", f"{CLUSTER}/", TWICE, do=refresh)


def fill(page: Page) -> None:
    """The form as somebody has it just before creating the Service."""
    page.fill("[name=name]", "public-api")
    page.fill("[name=ports-0-target]", "http")
    page.fill("[name=ports-0-port]", "8081")
    page.fill("[name=interval]", "3")
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(900)


def spoil(page: Page) -> None:
    """What is wrong, said beside its field as each is left."""
    page.fill("[name=name]", "Public_API")
    page.fill("[name=ports-0-target]", "http")
    page.fill("[name=ports-0-port]", "65536")
    page.fill("[name=interval]", "5")
    page.fill("[name=timeout]", "9")
    page.fill("[name=selectors-0-key]", "-app")
    page.evaluate("document.activeElement.blur()")
    page.wait_for_selector("#create .error >> nth=3", state="attached")
    page.wait_for_timeout(900)


def preview(page: Page) -> None:
    fill(page)
    page.click("button[value=yaml]")
    page.wait_for_selector("#preview-dialog[open]")


def refresh(page: Page) -> None:
    page.click("main form[action$='/refresh/'] button")
    page.wait_for_load_state()


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
