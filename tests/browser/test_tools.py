"""From the keyboard: search, a log that is followed, rows that are chosen and acted on."""

import pytest
from playwright.sync_api import Page, expect

from bench.stack import Running
from tests.browser.conftest import log_in

pytestmark = pytest.mark.browser


def test_search_logs_and_actions_from_the_keyboard(page: Page, product: Running) -> None:
    log_in(page, product, "/clusters/cls-vpccni01/workloads/deployment/")
    expect(page.get_by_role("heading", name="Deployment")).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("shop/storefront-")
    palette = page.get_by_role("dialog", name="Search all clusters")
    first = palette.get_by_role("option").first
    expect(first).to_contain_text("storefront-")
    expect(first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(palette.get_by_role("option").nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("storefront-")

    page.get_by_role("link", name="Logs").click()
    expect(page.locator("#log")).to_contain_text("listening on")
    expect(page.locator("#log-state")).to_have_text("Following")
    page.get_by_label("Filter lines").fill("starts, image")
    expect(page.locator("#log-count")).to_contain_text("1 of")

    page.goto("/clusters/cls-vpccni01/workloads/deployment/?namespace=shop")
    expect(page.get_by_text("selected")).to_be_hidden()
    page.get_by_label("Select all on this page").check()
    expect(page.get_by_text("3 selected")).to_be_visible()
    page.get_by_label("Select catalog").uncheck()
    page.get_by_role("button", name="Restart").click()
    expect(page.get_by_role("heading", name="shop/storefront")).to_be_visible()
    expect(page.locator("main ins").first).to_contain_text("restartedAt")

    # What is done is what the preview shows: another value asks for another preview.
    page.goto("/clusters/cls-vpccni01/actions/deployment/scale/?on=shop/reviews")
    replicas = page.get_by_label("Replicas")
    replicas.fill("5")
    replicas.press("Enter")
    scale = page.get_by_role("button", name="Scale")
    expect(scale).to_be_enabled()
    replicas.fill("6")
    expect(scale).to_be_disabled()
    expect(page.get_by_text("press Preview.")).to_be_visible()
    replicas.fill("5")
    expect(scale).to_be_enabled()
