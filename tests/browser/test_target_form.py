"""The form of a target as somebody fills it in."""

import re

import pytest
from playwright.sync_api import Page, expect

from orchestrator import database as storage
from orchestrator.ledger import targets
from tests.dashboard import rows


@pytest.fixture
def form(page: Page) -> Page:
    page.goto("/targets/new")
    return page


def test_a_fault_is_told_beside_its_field_and_has_the_focus(form: Page) -> None:
    form.get_by_label("Name").fill("shelves")
    form.get_by_label("Spider").fill("shelves")
    start_urls = form.get_by_label("Start URLs")
    start_urls.fill("example.com")
    form.get_by_role("button", name="Add", exact=True).click()
    expect(start_urls).to_be_focused()
    expect(start_urls).to_have_attribute("aria-invalid", "true")
    expect(start_urls).to_have_accessible_description(re.compile("'example.com' is no web address"))
    expect(start_urls).to_have_value("example.com")
    form.get_by_role("alert").get_by_role("link", name="Start URLs").click()
    expect(start_urls).to_be_focused()
    start_urls.fill("https://example.com/")
    form.get_by_role("button", name="Add", exact=True).click()
    expect(form.get_by_role("heading", level=1)).to_have_text("shelves")
    expect(form.get_by_role("status").first).to_contain_text("Added shelves.")


def test_the_preview_follows_what_is_typed(form: Page) -> None:
    preview = form.locator("#preview")
    expect(preview).to_contain_text("The nightly default")
    form.get_by_label("Cron line").fill("30 3 * * mon")
    expect(preview).to_contain_text("Every Monday at 03:30")
    expect(preview.locator("tbody tr")).to_have_count(10)
    form.get_by_label("Time zone").fill("Asia/Tokyo")
    expect(preview).to_contain_text("(Asia/Tokyo)")
    form.get_by_label("Cron line").fill("30 3 * *")
    expect(preview).to_contain_text("'30 3 * *' is no cron line")
    expect(preview.locator("tbody tr")).to_have_count(0)
    expect(form.locator("#preview-told")).to_contain_text("is no cron line")


def test_a_fault_that_was_mended_while_typing_goes(form: Page) -> None:
    cron = form.get_by_label("Cron line")
    cron.fill("soon")
    form.get_by_role("button", name="Check without saving").click()
    expect(cron).to_have_attribute("aria-invalid", "true")
    cron.fill("0 4 * * *")
    expect(form.locator("#preview")).to_contain_text("Every day at 04:00")
    expect(cron).not_to_have_attribute("aria-invalid", "true")
    expect(form.locator("#schedule-fault")).to_have_count(0)


def test_the_keyboard_is_enough(form: Page) -> None:
    form.get_by_label("Name").focus()
    form.keyboard.type("shelves")
    form.keyboard.press("Tab")
    form.keyboard.type("shelves")
    form.keyboard.press("Enter")
    expect(form.get_by_role("heading", level=1)).to_have_text("shelves")
    with storage.transaction() as session:
        assert targets.find(session, "shelves").spider == "shelves"


def test_every_field_is_reached_by_tab_in_the_order_it_is_read(form: Page) -> None:
    form.get_by_label("Name").focus()
    reached = []
    for _ in range(26):
        reached.append(form.evaluate("document.activeElement.name || ''"))
        form.keyboard.press("Tab")
    fields = [name for name in reached if name]
    assert fields == [
        "name", "spider", "start_urls", "tags", "schedule", "timezone", "crawl_window",
        "spread_seconds", "overlap", "active", "arguments", "settings", "render", "key_fields",
        "priority", "max_attempts", "crawlers", "worker_tag", "min_items", "required_fields",
        "item_schema", "publish_anyway", "check",
    ]  # fmt: skip


def test_without_script_a_button_shows_what_the_schedule_does(page: Page) -> None:
    browser = page.context.browser
    assert browser
    plain = browser.new_context(
        java_script_enabled=False, storage_state=page.context.storage_state()
    ).new_page()
    plain.goto(page.url + "targets/new")
    plain.get_by_label("Name").fill("shelves")
    plain.get_by_label("Spider").fill("shelves")
    plain.get_by_label("Cron line").fill("30 3 * * mon")
    plain.get_by_role("button", name="Check without saving").click()
    expect(plain.locator("#preview")).to_contain_text("Every Monday at 03:30")
    expect(plain.get_by_label("Name")).to_have_value("shelves")
    plain.context.close()


def test_all_on_the_page_are_ticked_and_run_by_one_button(page: Page) -> None:
    with storage.transaction() as session:
        for name in ("one", "two", "three"):
            rows.target(session, name)
    page.goto("/targets")
    page.get_by_label("All on this page").check()
    page.get_by_role("group", name="For the ticked targets").get_by_role(
        "button", name="Run"
    ).click()
    expect(page.get_by_role("status").first).to_contain_text("Started 3 jobs.")
