import re
from uuid import UUID

from playwright.sync_api import Page, expect

from orchestrator import database as storage
from orchestrator.ledger import history
from orchestrator.ledger.models import JobStatus
from tests.dashboard import rows


def test_sign_in_press_run_and_follow_the_id_to_the_job(page: Page) -> None:
    with storage.transaction() as session:
        rows.target(session, "demo_shop")
    page.goto("/targets")
    page.get_by_role("button", name="Run demo_shop").click()
    message = page.get_by_role("status")
    expect(message).to_contain_text("Started. Job ID:")
    expect(page.get_by_role("row", name=re.compile("demo_shop"))).to_contain_text("Pending")
    link = message.get_by_role("link")
    with storage.transaction() as session:
        job, _ = history.one(session, UUID(link.inner_text()))
    assert job.status is JobStatus.PENDING
    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Job of demo_shop")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status")).to_have_text("Cancelled.")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()


def test_everything_but_live_updates_works_without_script(page: Page) -> None:
    with storage.transaction() as session:
        rows.target(session, "demo_shop")
    browser = page.context.browser
    assert browser
    plain = browser.new_context(
        java_script_enabled=False, storage_state=page.context.storage_state()
    ).new_page()
    plain.goto(f"{page.url}targets")
    plain.get_by_role("button", name="Run demo_shop").click()
    expect(plain.get_by_role("status")).to_contain_text("Started. Job ID:")
    plain.context.close()
