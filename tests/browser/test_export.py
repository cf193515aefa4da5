import csv
from pathlib import Path

from playwright.sync_api import Page, expect

from orchestrator import database as storage
from orchestrator.ledger import search
from tests.dashboard import rows


def stocked() -> str:
    with storage.transaction() as session:
        job = rows.job(session, rows.target(session, "demo_shop"))
        for number in range(3):
            rows.item(session, job, {"name": f"Oak stool {number}", "price": number})
        target_id = job.target_id
    search.catch_up()
    return f"/targets/{target_id}/items"


def test_an_export_of_a_search_is_downloaded_and_counted_along(page: Page) -> None:
    page.goto(stocked())
    page.get_by_label("Search").fill("stool 1")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("1 item.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename == "demo_shop.csv"
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["Oak stool 1"]
    expect(page.locator(".items-progress")).to_have_text("Exported: 1")


def test_an_export_needs_no_script(page: Page) -> None:
    path = stocked()
    browser = page.context.browser
    assert browser
    context = browser.new_context(
        java_script_enabled=False, storage_state=page.context.storage_state()
    )
    plain = context.new_page()
    page.goto(path)
    plain.goto(page.url)
    with plain.expect_download() as download:
        plain.get_by_role("button", name="JSON Lines").click()
    assert len(Path(download.value.path()).read_text().splitlines()) == 3
    context.close()


def test_an_item_is_opened_from_the_list_and_leads_back(page: Page) -> None:
    page.goto(stocked())
    page.get_by_role("link", name="Oak stool 2").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Oak stool 2")
    page.get_by_role("link", name="Items of demo_shop").click()
    expect(page.get_by_text("3 items.")).to_be_visible()
