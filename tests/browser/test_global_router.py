"""A GlobalRouter workload on its way to Ready: what stands in the way is said, then mended here."""

import json

import pytest
from playwright.sync_api import Page, expect

from bench.stack import Running
from tests import world as worlds
from tests.browser.conftest import log_in
from tests.browser.test_main_job import PATIENCE, answers
from tests.wait import until

pytestmark = pytest.mark.browser
CLUSTER = "/clusters/cls-router01/"


def change_account(product: Running, kind: str) -> None:
    """What an account manager or a ticket would do."""
    world = worlds.of(product.state, product.process)
    world.control("tencent", "POST", "account_type", {"type": kind})


def confirm(page: Page, button: str) -> None:
    """A remedy's page: what will happen, then the button."""
    expect(page.get_by_role("heading", name="What will happen")).to_be_visible()
    page.get_by_role("button", name=button, exact=True).click()


def fill(page: Page, says: str) -> None:
    page.get_by_label("Service name").fill("classic")
    page.get_by_label("Namespace").select_option("shop")
    page.get_by_label("Public Network CLB Access").check()
    page.get_by_label("Target port, row 1").fill("8080")
    page.get_by_label("Service port, row 1").fill("8080")
    page.get_by_role("button", name="Reference Workload").click()
    dialog = page.get_by_role("dialog", name="Reference Workload")
    expect(dialog).to_contain_text(says)
    dialog.get_by_role("radio", name="storefront").check()
    dialog.get_by_role("button", name="Use the chosen workload").click()


def test_limits_of_global_router_are_said_and_mended_from_the_pages(
    page: Page, product: Running
) -> None:
    change_account(product, "LEGACY")
    log_in(page, product, CLUSTER)
    page.get_by_role("button", name="Refresh").click()
    readiness = page.locator("#direct_access")
    expect(readiness).to_contain_text("billed by CVM (LEGACY)")
    expect(readiness).to_contain_text("Not registered")

    page.get_by_role("link", name="Create Service").click()
    fill(page, says="bill-by-IP")
    panel = page.locator("#outlook")
    expect(panel).to_contain_text("The account is billed by CVM (LEGACY)")
    page.get_by_role("button", name="Create Service").click()
    expect(page.get_by_text("The Service was not created.")).to_be_visible()

    change_account(product, "STANDARD")
    page.goto(CLUSTER)
    page.get_by_role("button", name="Refresh").click()
    expect(readiness).not_to_contain_text("LEGACY")
    readiness.get_by_role("switch").click()
    expect(page.get_by_text("AddClusterCIDRToCcn").first).to_be_attached()
    confirm(page, "Register")
    expect(readiness).to_contain_text("Registered, its route is on")
    expect(readiness.get_by_role("switch")).to_be_checked()

    page.get_by_role("link", name="Create Service").click()
    fill(page, says="")
    fixes = panel.get_by_role("link", name="Add the missing rule")
    expect(fixes).to_have_count(2)
    expect(panel).to_contain_text("sg-strict01")
    # What was typed survives the way to the fix and back.
    fixes.first.click()
    expect(page.get_by_role("heading", name="What will happen")).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_label("Service name")).to_have_value("classic")
    expect(fixes).to_have_count(2)
    page.get_by_role("button", name="Create Service").click()

    page.wait_for_url("**/services/shop/classic/")
    limits = page.locator("#limits")
    expect(page.locator("#targets")).to_contain_text("Dead", timeout=PATIENCE)
    expect(limits).to_contain_text("sg-strict01", timeout=PATIENCE)
    limits.get_by_role("link", name="Add the missing rule").first.click()
    confirm(page, "Add the rule")
    page.wait_for_url("**/services/shop/classic/")
    expect(page.locator(".page-head .status").first).to_have_text("Ready", timeout=PATIENCE)
    expect(limits.get_by_role("link", name="Add the missing rule")).to_have_count(
        0, timeout=PATIENCE
    )

    text = product.kubectl("-n", "shop", "get", "svc", "classic", "-o", "json", cluster=ID)
    vip = json.loads(text)["metadata"]["annotations"]["podgate.dev/vip"]
    assert until(lambda: answers(vip, 8080, "127.0.0.9")["client"] == "127.0.0.9")
    product.kubectl("-n", "shop", "delete", "svc", "classic", "--timeout=170s", cluster=ID)


ID = "cls-router01"
