"""The page of a job that runs, while its rows change as a crawl changes them."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func

from orchestrator import database as storage
from orchestrator.ledger.models import JobStatus, ScrapingJob
from tests.browser import served
from tests.browser.conftest import sign_in
from tests.dashboard import rows


@pytest.fixture
def job_id(served_at: str) -> UUID:
    with storage.transaction() as session:
        job = rows.job(session, rows.target(session), JobStatus.RUNNING)
        job.error_message = rows.TRACEBACK
        for seq in range(60):
            rows.line(session, job, seq, f"Crawled page {seq}")
        return job.id


def change(job_id: UUID, **values: object) -> None:
    with storage.transaction() as session:
        job = session.get_one(ScrapingJob, job_id)
        for name, value in values.items():
            setattr(job, name, value)


def log(job_id: UUID, seqs: range) -> None:
    with storage.transaction() as session:
        job = session.get_one(ScrapingJob, job_id)
        for seq in seqs:
            rows.line(session, job, seq, f"Crawled page {seq}")


def fragments(page: Page) -> list[str]:
    asked: list[str] = []
    page.on(
        "request",
        lambda request: asked.append(request.url) if "x-kumo-fragment" in request.headers else None,
    )
    return asked


def test_counts_follow_a_running_job_within_two_seconds(page: Page, job_id: UUID) -> None:
    page.goto(f"/jobs/{job_id}")
    expect(page.locator(".counts")).to_contain_text("Pages0")
    change(job_id, pages=1_234)
    expect(page.locator(".counts")).to_contain_text("Pages1,234", timeout=2_500)


def test_what_a_person_holds_on_to_stays(page: Page, job_id: UUID) -> None:
    page.goto(f"/jobs/{job_id}")
    page.get_by_text("Traceback", exact=True).click()
    button = page.get_by_role("button", name="Pause")
    button.focus()
    page.evaluate("""() => {
        document.getElementById("log-lines").scrollTop = 0;
        window.scrollTo(0, 150);
    }""")
    log(job_id, range(60, 300))
    change(job_id, pages=7)
    expect(page.locator(".counts")).to_contain_text("Pages7")
    expect(page.locator("#log-lines")).to_contain_text("Crawled page 299")
    expect(page.get_by_text("decimal.InvalidOperation")).to_be_visible()
    expect(button).to_be_focused()
    expect(page.locator("#log-lines tbody tr")).to_have_count(200)
    assert page.evaluate("document.getElementById('log-lines').scrollTop") == 0
    assert page.evaluate("window.scrollY") == 150


def test_a_log_that_is_read_at_its_end_stays_at_its_end(page: Page, job_id: UUID) -> None:
    page.goto(f"/jobs/{job_id}")
    log(job_id, range(60, 120))
    expect(page.locator("#log-lines")).to_contain_text("Crawled page 119")
    below = page.evaluate("""() => {
        const log = document.getElementById("log-lines");
        return log.scrollHeight - log.clientHeight - log.scrollTop;
    }""")
    assert below < 2


def test_a_job_that_ended_is_left_alone(page: Page, job_id: UUID) -> None:
    asked = fragments(page)
    page.goto(f"/jobs/{job_id}")
    change(job_id, status=JobStatus.COMPLETED, completed_at=func.now())
    expect(page.get_by_role("button", name="Retry")).to_be_visible()
    expect(page.locator("#live > [data-live]")).to_have_count(0)
    before = len(asked)
    assert before >= 1
    page.wait_for_timeout(3_500)  # two turns: that nothing comes cannot be awaited
    assert len(asked) == before


def test_the_page_goes_on_after_the_server_was_restarted(
    chromium: Browser, served_at: str, job_id: UUID
) -> None:
    with served.listening() as listener:
        with served.dashboard(listener) as url:
            page = chromium.new_page(base_url=url)
            sign_in(page)
            page.goto(f"/jobs/{job_id}")
            expect(page.locator(".counts")).to_contain_text("Pages0")
        change(job_id, pages=55)
        with served.dashboard(listener):
            expect(page.locator(".counts")).to_contain_text("Pages55", timeout=20_000)
        page.close()


def test_a_page_whose_session_ended_leads_to_sign_in(page: Page, job_id: UUID) -> None:
    page.goto(f"/jobs/{job_id}")
    page.context.clear_cookies()
    expect(page.get_by_label("Password")).to_be_visible()


def test_filters_of_the_log_hold_while_it_grows(page: Page, job_id: UUID) -> None:
    page.goto(f"/jobs/{job_id}")
    page.get_by_label("Text").fill("page 59")
    page.get_by_role("search", name="Which lines to show").get_by_role("button").click()
    lines = page.locator("#log-lines tbody tr")
    expect(lines).to_have_count(1)
    log(job_id, range(590, 593))
    expect(lines).to_have_count(4, timeout=2_500)
    expect(page.get_by_label("Text")).to_have_value("page 59")


def test_what_is_typed_and_chosen_but_not_sent_stays(page: Page, job_id: UUID) -> None:
    page.goto(f"/jobs/{job_id}")
    page.get_by_label("Level").select_option("40")
    text = page.get_by_label("Text")
    text.press_sequentially("price")
    change(job_id, pages=8)
    expect(page.locator(".counts")).to_contain_text("Pages8")
    expect(text).to_have_value("price")
    expect(text).to_be_focused()
    expect(page.get_by_label("Level")).to_have_value("40")


def test_ticks_stay_with_their_jobs_while_others_come(page: Page, job_id: UUID) -> None:
    with storage.transaction() as session:
        target = rows.target(session, "books")
        ticked = rows.job(session, target, JobStatus.FAILED).id
    page.goto("/jobs")
    box = page.locator(f"input[name=job][value='{ticked}']")
    box.check()
    box.focus()
    with storage.transaction() as session:
        newest = rows.job(session, target, ago=timedelta(0)).id
    expect(page.locator(f"#job-{newest}")).to_be_visible()
    assert page.locator("#job-" + str(newest)).evaluate("row => row.rowIndex") == 1
    expect(box).to_be_checked()
    expect(box).to_be_focused()
    expect(page.locator("input[name=job]:checked")).to_have_count(1)


def test_rows_that_change_places_keep_their_ticks_and_focus(page: Page, job_id: UUID) -> None:
    with storage.transaction() as session:
        below = rows.job(session, rows.target(session, "books"), ago=timedelta(hours=1)).id
    page.goto("/jobs")
    box = page.locator(f"input[name=job][value='{below}']")
    box.check()
    box.focus()
    change(below, queued_at=func.now())
    expect(page.locator("tbody tr").first).to_have_id(f"job-{below}")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(box).to_be_checked()
    expect(box).to_be_focused()


def test_one_box_ticks_all_and_enter_in_a_box_only_ticks_it(page: Page, job_id: UUID) -> None:
    with storage.transaction() as session:
        rows.job(session, rows.target(session, "books"), JobStatus.PENDING)
    page.goto("/jobs")
    everything = page.get_by_label("All on this page")
    everything.focus()
    everything.press("Enter")
    expect(page.locator("input[name=job]:checked")).to_have_count(2)
    expect(page).to_have_url(re.compile("/jobs$"))
    page.get_by_role("group", name="For the ticked jobs").get_by_text("Cancel").click()
    told = page.get_by_role("status")
    expect(told).to_contain_text("Cancelled 1 job.")
    expect(told).to_contain_text("1 job was told to stop")


def test_a_hidden_page_rests_and_catches_up_when_it_is_seen(page: Page, job_id: UUID) -> None:
    page.goto(f"/jobs/{job_id}")
    show(page, hidden=True)
    asked = fragments(page)
    change(job_id, pages=77)
    page.wait_for_timeout(3_500)  # two turns: that nothing comes cannot be awaited
    assert asked == []
    show(page, hidden=False)
    expect(page.locator(".counts")).to_contain_text("Pages77", timeout=1_000)


def show(page: Page, *, hidden: bool) -> None:
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def test_an_opened_fold_stays_open(page: Page, job_id: UUID) -> None:
    page.goto(f"/jobs/{job_id}")
    page.get_by_text("What it was told to crawl").click()
    change(job_id, pages=9)
    expect(page.locator(".counts")).to_contain_text("Pages9")
    expect(page.locator("#definition-fold")).to_have_attribute("open", "")
