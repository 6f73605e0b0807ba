"""The Create-a-Service form keeps what was typed, whatever goes wrong."""

import pytest
from playwright.sync_api import Page, Route, expect

from bench.stack import Running
from tests.browser.conftest import log_in
from tests.wait import until

pytestmark = pytest.mark.browser
CREATE = "/clusters/cls-vpccni01/services/create/?namespace=shop&workload=deployment/reviews"


def fill_port(page: Page, row: int, target: str, port: str) -> None:
    page.get_by_label(f"Target port, row {row}").fill(target)
    page.get_by_label(f"Service port, row {row}").fill(port)


def test_what_is_wrong_is_said_beside_its_field_and_everything_is_kept(
    page: Page, product: Running
) -> None:
    product.kubectl("-n", "shop", "scale", "deployment/reviews", "--replicas=2")
    log_in(page, product, CREATE)
    # The form comes filled from the link, and is judged by that before anybody typed.
    expect(page.locator("#matches")).to_contain_text("2 Pods match now")
    expect(page.locator("#outlook")).to_contain_text("Write the Service into namespace shop")

    page.get_by_label("Service name").fill("Bad_Name")
    page.get_by_label("Description").click()
    expect(page.get_by_text("Service name format incorrect")).to_be_visible()

    # What is typed before the new row is there stays.
    held: list[Route] = []
    page.route("**/services/create/", lambda route: held.append(route))
    page.get_by_role("button", name="Add port mapping").click()
    fill_port(page, 1, "8082", "80")
    until(lambda: held or page.title() == "")
    held.pop().continue_()
    page.unroute("**/services/create/")
    expect(page.get_by_label("Target port, row 2")).to_be_visible()
    expect(page.get_by_label("Target port, row 1")).to_have_value("8082")
    expect(page.get_by_label("Service port, row 1")).to_be_focused()
    fill_port(page, 2, "8082", "80")
    page.get_by_role("button", name="Create Service").click()
    expect(page.get_by_text("The port cannot be mapped twice: TCP 80 is in row 1.")).to_be_visible()
    expect(page.get_by_label("Service name")).to_have_value("Bad_Name")
    expect(page.get_by_label("Service name")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Service port, row 2")).to_have_value("80")
    assert "Bad_Name" not in product.kubectl("-n", "shop", "get", "svc", "-o", "name")


def test_enter_in_the_picker_searches_and_chooses(page: Page, product: Running) -> None:
    log_in(page, product, CREATE)
    page.get_by_label("Service name").fill("by-enter")
    # Somebody may be as fast as this: what has come works at once.
    page.evaluate(
        """document.body.addEventListener("htmx:afterSwap", function clicks() {
            const find = document.getElementById("find-workload");
            if (!find) return;
            document.body.removeEventListener("htmx:afterSwap", clicks);
            setTimeout(() => find.click());
        })"""
    )
    page.get_by_role("button", name="Reference Workload").click()
    dialog = page.get_by_role("dialog", name="Reference Workload")
    expect(dialog.get_by_role("searchbox")).to_be_focused()
    dialog.get_by_role("searchbox").press("Enter")
    dialog.get_by_role("searchbox").fill("reviews")
    dialog.get_by_role("searchbox").press("Enter")
    expect(dialog.get_by_role("radio")).to_have_count(1)
    dialog.get_by_role("radio", name="reviews").press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Reference Workload")).to_be_focused()
    expect(page.locator("#selectors").get_by_label("Value", exact=False).first).to_have_value(
        "reviews"
    )
    assert page.url.endswith(CREATE)
    assert "by-enter" not in product.kubectl("-n", "shop", "get", "svc", "-o", "name")


def test_a_closed_dialog_stays_closed(page: Page, product: Running) -> None:
    log_in(page, product, CREATE)
    page.get_by_role("button", name="Reference Workload").click()
    dialog = page.get_by_role("dialog", name="Reference Workload")
    expect(dialog.get_by_role("radio", name="reviews")).to_be_checked()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.get_by_role("button", name="Preview YAML").click()
    yaml = page.get_by_role("dialog", name="YAML of what will be written")
    expect(yaml).to_contain_text("app: reviews")
    expect(dialog).to_have_count(0)
    yaml.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Add port mapping").click()
    expect(page.get_by_label("Target port, row 2")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


# What is judged while typing may be on its way when the session ends, and is refused then.
@pytest.mark.console_error("Error Code 403 from /clusters/cls-vpccni01/services/create/outlook")
def test_a_lost_session_costs_nothing_that_was_typed(page: Page, product: Running) -> None:
    log_in(page, product, CREATE)
    page.get_by_label("Service name").fill("kept")
    page.get_by_label("Intra-cluster (ClusterIP)").check()
    fill_port(page, 1, "8082", "80")
    cookies = [one for one in page.context.cookies() if one.get("name") != "sessionid"]
    page.context.clear_cookies()
    page.context.add_cookies([{**one} for one in cookies])  # type: ignore[typeddict-item]
    page.get_by_role("button", name="Create Service").click()

    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(product.password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Your session had ended.")).to_be_visible()
    expect(page.get_by_label("Service name")).to_have_value("kept")
    expect(page.get_by_label("Service port, row 1")).to_have_value("80")
    assert "kept" not in product.kubectl("-n", "shop", "get", "svc", "-o", "name")

    page.get_by_role("button", name="Create Service").click()
    page.wait_for_url("**/services/shop/kept/")
    assert "kept" in product.kubectl("-n", "shop", "get", "svc", "-o", "name")
