"""Pages that live, in a real browser: values change in place, the user's hands are left alone."""

import pytest
from playwright.sync_api import Page, expect

from bench.stack import Running
from tests.browser.conftest import log_in

pytestmark = pytest.mark.browser
REVIEWS = "/clusters/cls-vpccni01/workloads/deployment/shop/reviews/"


def scale(product: Running, replicas: int) -> None:
    product.kubectl("-n", "shop", "scale", "deployment/reviews", f"--replicas={replicas}")


def test_a_change_in_the_cluster_appears_while_the_user_is_typing(
    page: Page, product: Running
) -> None:
    scale(product, 2)
    log_in(page, product, "/clusters/cls-vpccni01/pods/?q=reviews")
    rows = page.locator("#rows tbody tr")
    expect(rows).to_have_count(2)
    expect(page.locator(".live").first).to_contain_text("updated")
    search = page.get_by_label("Find a Pod")
    search.fill("half typed")
    scale(product, 4)
    expect(rows).to_have_count(4)
    expect(search).to_be_focused()
    expect(search).to_have_value("half typed")


def test_what_the_user_opened_stays_open_and_the_page_follows_the_rollout(
    page: Page, product: Running
) -> None:
    scale(product, 3)
    log_in(page, product, REVIEWS)
    members = page.locator("#members tbody tr")
    expect(members).to_have_count(3)
    members.first.locator("th a").click()
    yaml = page.locator("details", has_text="YAML")
    expect(page.locator("#containers")).to_contain_text("Running")
    page.wait_for_load_state("load")
    yaml.locator("summary").first.click()
    expect(page.locator("pre.code").first).to_contain_text("apiVersion: v1")
    expect(page.locator("#rows")).to_contain_text("Scheduled")
    scale(product, 0)
    expect(page.locator("#state")).to_contain_text("is gone")
    expect(page.locator("pre.code").first).to_be_visible()
    scale(product, 2)


def test_a_logout_elsewhere_ends_what_an_open_page_shows(page: Page, product: Running) -> None:
    log_in(page, product, REVIEWS)
    expect(page.locator("#members tbody tr")).not_to_have_count(0)
    # Tokens are rotated at login: a page of now is needed to log out with.
    other = page.context.new_page()
    other.goto("/clusters/cls-vpccni01/")
    other.locator("details.menu summary").click()
    other.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
