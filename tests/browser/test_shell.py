"""The shell around every page: logging in and out, theme, language; and what a viewer may not."""

import pytest
from playwright.sync_api import Page, expect

from bench.stack import Running
from tests.browser.conftest import log_in

pytestmark = pytest.mark.browser
SERVICES = "/clusters/cls-vpccni01/services/"


def test_from_a_wrong_password_to_logging_out(page: Page, product: Running) -> None:
    page.goto(SERVICES)
    expect(page).to_have_url(f"{product.url}/login/?next={SERVICES}")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("User name")).to_have_value("admin")

    page.get_by_label("Password").fill(product.password)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(product.url + SERVICES)
    expect(page.get_by_role("heading", name="Service", exact=True)).to_be_visible()

    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.goto(SERVICES)
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_theme_and_language_are_chosen_and_kept(page: Page, product: Running) -> None:
    log_in(page, product, SERVICES)
    page.get_by_role("button", name="Use the dark theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="中文").click()
    expect(page).to_have_url(product.url + SERVICES)
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page.get_by_role("link", name="创建服务")).to_be_visible()

    page.goto("/")
    expect(page.get_by_role("heading", name="集群").first).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_viewer_reads_everything_and_changes_nothing(
    page: Page, product: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODGATE_PASSWORD", "a long passphrase")
    product.manage("add_user", "vera", "--role", "viewer")
    log_in(page, product, SERVICES, user="vera", password="a long passphrase")
    expect(page.locator("main")).to_contain_text("Creating a Service needs the role operator.")
    expect(page.get_by_role("link", name="Create Service")).to_have_count(0)

    page.get_by_role("link", name="cart", exact=True).click()
    expect(page.locator("main")).to_contain_text("Deleting needs the role operator.")
    expect(page.get_by_role("link", name="Delete")).to_have_count(0)
    for path in ("create/", "shop/cart/delete/"):
        answer = page.goto(SERVICES + path)
        assert answer is not None
        assert answer.status == 403
