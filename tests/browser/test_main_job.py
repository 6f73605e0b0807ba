"""The main job as an ops engineer does it: in the browser, then by kubectl alone."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from bench.stack import Running
from tests import world as worlds
from tests.browser.conftest import log_in
from tests.wait import until

pytestmark = pytest.mark.browser
CLUSTER = "/clusters/cls-vpccni01/"
PATIENCE = 180_000  # milliseconds until a whole binding must have happened


def answers(vip: str, port: int, source: str) -> dict[str, Any]:
    """One request through the VIP from the given loopback address; the Pod's answer."""
    with socket.create_connection((vip, port), 30, source_address=(source, 0)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n")
        text = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    found: dict[str, Any] = json.loads(text.partition("\r\n\r\n")[2])
    return found


def load_balancers(product: Running) -> list[dict[str, Any]]:
    return list(worlds.of(product.state, product.process).control("tencent", "GET", "lb"))


def health(product: Running) -> list[str]:
    """Of every target of every load balancer."""
    listeners = [one for lb in load_balancers(product) for one in lb["Listeners"]]
    return [target["health"] for one in listeners for target in one["Targets"]]


@contextmanager
def without_verdicts(product: Running) -> Iterator[None]:
    """The CLB's three seconds of Unknown last for the block: a busy machine may miss them."""
    world = worlds.of(product.state, product.process)
    world.fault("tencent", "stale_health")
    try:
        yield
    finally:
        world.heal()


def ready(product: Running, deployment: str) -> int:
    text = product.kubectl("-n", "shop", "get", "deploy", deployment, "-o", "json")
    return int(json.loads(text)["status"].get("readyReplicas", 0))


def pods_behind(vip: str, port: int = 8080) -> set[str]:
    return {answers(vip, port, "127.0.0.7")["pod"] for _ in range(30)}


def test_from_create_a_service_to_pods_that_are_ready(page: Page, product: Running) -> None:
    log_in(page, product)
    page.get_by_role("link", name="cls-vpccni01").first.click()
    expect(page.get_by_role("heading", name="Container network add-on")).to_be_visible()
    expect(page.locator("main")).to_contain_text("VPC-CNI")

    page.get_by_role("link", name="Service", exact=True).click()
    page.get_by_role("link", name="Create").first.click()
    page.get_by_label("Service name").fill("front")
    page.get_by_label("Namespace").select_option("shop")
    page.get_by_label("Public Network CLB Access").check()
    expect(page.get_by_label("Enable CLB-to-Pod Direct Access")).to_be_checked()
    page.get_by_label("Target port, row 1").fill("8080")
    page.get_by_label("Service port, row 1").fill("8080")
    page.get_by_role("button", name="Reference Workload").click()
    dialog = page.get_by_role("dialog", name="Reference Workload")
    dialog.get_by_role("radio", name="storefront").check()
    dialog.get_by_role("button", name="Use the chosen workload").click()
    expect(page.locator("#matches")).to_contain_text("3 Pods match now")
    expect(page.locator("#outlook")).to_contain_text("BatchRegisterTargets")
    with without_verdicts(product):
        page.get_by_role("button", name="Create Service").click()
        page.wait_for_url("**/services/shop/front/")
        expect(page.locator("main")).to_contain_text("Provisioning")
        expect(page.locator("#targets")).to_contain_text("Unknown", timeout=PATIENCE)
    expect(page.locator("#targets tbody tr:has-text('Alive'):has-text('True')")).to_have_count(
        3, timeout=PATIENCE
    )
    expect(page.locator(".page-head .status").first).to_have_text("Ready", timeout=PATIENCE)
    expect(page.locator("main")).to_contain_text("CreateLoadBalancer")
    until(lambda: ready(product, "storefront") == 3)

    service = json.loads(product.kubectl("-n", "shop", "get", "svc", "front", "-o", "json"))
    vip = service["status"]["loadBalancer"]["ingress"][0]["ip"]
    expect(page.locator("main")).to_contain_text(vip)
    until(lambda: len(pods_behind(vip)) == 3)
    assert answers(vip, 8080, "127.0.0.9")["client"] == "127.0.0.9"

    page.get_by_role("link", name="Delete").or_(
        page.get_by_role("button", name="Delete")
    ).first.click()
    confirm = page.locator("input[data-confirm]")
    confirm.fill("front")
    page.locator("button[data-confirmed]").click()
    until(lambda: load_balancers(product) == [])
    until(lambda: "front" not in product.kubectl("-n", "shop", "get", "svc", "-o", "name"))
    assert ready(product, "storefront") == 3


def test_the_same_by_kubectl_alone(product: Running) -> None:
    manifest = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "bykubectl",
            "namespace": "shop",
            "annotations": {"service.cloud.tencent.com/direct-access": "true"},
        },
        "spec": {
            "type": "LoadBalancer",
            "loadBalancerClass": "podgate.dev/clb",
            "selector": {"app": "catalog"},
            "ports": [{"name": "http", "port": 8080, "targetPort": 8081}],
        },
    }
    product.kubectl("apply", "-f", "-", text=json.dumps(manifest))
    until(lambda: health(product) == ["Alive"] * 20)
    until(lambda: ready(product, "catalog") == 20)
    service = json.loads(product.kubectl("-n", "shop", "get", "svc", "bykubectl", "-o", "json"))
    vip = service["status"]["loadBalancer"]["ingress"][0]["ip"]
    assert len(pods_behind(vip)) > 10
    product.kubectl("-n", "shop", "delete", "svc", "bykubectl", "--timeout=170s")
    until(lambda: load_balancers(product) == [])
    assert ready(product, "catalog") == 20
