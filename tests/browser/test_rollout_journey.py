"""A rollout of twenty Pods that a security group holds up: seen, explained, mended, finished."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from bench.stack import Running
from bench.stuck import GROUP, TARGET, close_the_target_port
from bench.traffic import flowing
from tests import world as worlds
from tests.browser.conftest import log_in
from tests.browser.test_main_job import PATIENCE, ready
from tests.wait import until

pytestmark = pytest.mark.browser
CLUSTER = "/clusters/cls-vpccni01"
CREATE = f"{CLUSTER}/services/create/?namespace=shop&workload=deployment/catalog"
WORKLOAD = f"{CLUSTER}/workloads/deployment/shop/catalog/"
PORT, RATE = 8080, 40.0
# Emulated: fifteen seconds of a machine that may be busy.
PRE_STOP = 75


def deployment(product: Running) -> Any:
    return json.loads(product.kubectl("-n", "shop", "get", "deploy", "catalog", "-o", "json"))


def drain_longer(product: Running) -> None:
    """Twenty Pods that listen on long enough for podgate's own pace."""

    def patch(**spec: Any) -> None:
        body = json.dumps({"spec": spec})
        product.kubectl("-n", "shop", "patch", "deploy", "catalog", "-p", body)

    sleep = {"preStop": {"exec": {"command": ["sh", "-c", f"sleep {PRE_STOP}"]}}}
    pod = {
        "terminationGracePeriodSeconds": PRE_STOP + 30,
        "containers": [{"name": "catalog", "lifecycle": sleep}],
    }
    patch(replicas=0, template={"spec": pod})
    until(lambda: not deployment(product)["status"].get("replicas"))
    patch(replicas=20)


def serve(page: Page, product: Running) -> str:
    """A direct Service in front of catalog, from the page; its VIP once all is Ready."""
    log_in(page, product, CREATE)
    page.get_by_label("Service name").fill("watched")
    page.get_by_label("Public Network CLB Access").check()
    page.get_by_label("Target port, row 1").fill(str(TARGET))
    page.get_by_label("Service port, row 1").fill(str(PORT))
    expect(page.locator("#matches")).to_contain_text("20 Pods match now")
    page.get_by_role("button", name="Create Service").click()
    page.wait_for_url("**/services/shop/watched/")
    expect(page.locator(".page-head .status").first).to_have_text("Ready", timeout=PATIENCE)
    until(lambda: ready(product, "catalog") == 20)
    text = product.kubectl("-n", "shop", "get", "svc", "watched", "-o", "json")
    return str(json.loads(text)["status"]["loadBalancer"]["ingress"][0]["ip"])


def restart(page: Page) -> None:
    page.goto(WORKLOAD)
    page.get_by_role("link", name="Restart").click()
    expect(page.get_by_role("heading", name="What will happen")).to_be_visible()
    page.get_by_role("button", name="Restart", exact=True).click()
    page.wait_for_url("**/catalog/rollout/")


def mend(page: Page) -> None:
    """The button beside the finding: what will be called, then the doing, and back."""
    page.locator("#findings").get_by_role("link", name="Add the missing rule").first.click()
    expect(page.get_by_role("heading", name="What will happen")).to_be_visible()
    page.get_by_role("button", name="Add the rule", exact=True).click()
    page.wait_for_url(f"**{WORKLOAD}")
    page.get_by_role("link", name="Waterfall").click()


def is_over(product: Running) -> bool:
    """Twenty new Pods are Ready and the old ones have gone."""
    where = ("-n", "shop", "get", "pods", "-l", "app=catalog", "-o", "name")
    return ready(product, "catalog") == 20 == len(product.kubectl(*where).split())


def test_a_rollout_held_up_by_a_security_group_is_explained_and_mended(
    page: Page, product: Running
) -> None:
    drain_longer(product)
    vip = serve(page, product)
    with flowing(vip, PORT, rate=RATE, timeout=60) as traffic:
        until(lambda: traffic.ok > RATE)
        restart(page)
        waterfall, findings = page.locator("#waterfall table"), page.locator("#findings")
        expect(waterfall).to_contain_text("Wave 1")
        expect(waterfall).to_contain_text("Checking", timeout=PATIENCE)
        close_the_target_port(worlds.of(product.state, product.process).tencent)

        dead = findings.locator('[data-code="Dead"]')
        words = re.compile(rf"The CLB says Dead of [\d.]+:{TARGET} on TCP:{PORT} of lb-\w+")
        expect(dead).to_contain_text(words, timeout=PATIENCE)
        expect(dead.locator("p.note a").first).to_have_text(re.compile("^catalog-"))
        expect(dead).to_contain_text("DescribeTargetHealth")
        closed = findings.locator('[data-code="SecurityGroup"]')
        expect(closed).to_contain_text(f"{GROUP} Ingress[0]")
        expect(closed).to_contain_text(f"TCP {TARGET}")

        mend(page)
        expect(page.locator("#progress .status").first).to_have_text("Finished", timeout=PATIENCE)
        expect(findings.locator(".callout")).to_have_count(0)
        until(lambda: is_over(product))
    assert traffic.lost == {}, traffic.losses
    assert traffic.ok == traffic.sent
    product.kubectl("-n", "shop", "delete", "svc", "watched", "--timeout=170s")
