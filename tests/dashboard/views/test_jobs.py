import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator.ledger import targets
from orchestrator.ledger.models import (
    AuditEntry,
    ChargedPage,
    Crawl,
    JobProgress,
    JobStatus,
    Requested,
    ScrapingJob,
    ScrapingTarget,
    Verdict,
    Worker,
)
from tests.browser.held_scenes import findings_on, judge
from tests.dashboard import rows
from tests.dashboard.conftest import Browser

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; DROP TABLE scraping_jobs; --",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "</textarea></title></style><svg onload=alert(1)>",
    "\u202ereversed\u202c",
    "\x1b[31mred",
    "&lt;b&gt;",
    "蜘蛛" * 5_000,
]
STANDINGS: list[tuple[JobStatus, dict[str, Any], str]] = [
    (JobStatus.PENDING, {}, "It waits to begin."),
    (JobStatus.PENDING, {"attempt": 2}, "It waits to go on."),
    (JobStatus.RUNNING, {"attempt": 2}, "this is attempt 2."),
    (JobStatus.RUNNING, {"requested": Requested.CANCEL}, "told to stop"),
    (JobStatus.RUNNING, {"requested": Requested.PAUSE}, "told to pause"),
    (JobStatus.PAUSED, {}, "goes on from there when resumed"),
    (JobStatus.COMPLETED, {"items_scraped": 1, "pages": 2}, "1 item from 2 pages in 9 s,"),
    (JobStatus.FAILED, {"attempt": 3}, "after 3 attempts"),
    (JobStatus.CANCELLED, {}, "the items before that are kept"),
    (JobStatus.SKIPPED, {}, "It never began."),
]


def shown(page: str) -> list[UUID]:
    return [UUID(found) for found in re.findall(r'id="job-([0-9a-f-]{36})"', page)]


def walk(browser: Browser, path: str, direction: str) -> list[list[UUID]]:
    """The jobs of that page and of each further one in a direction."""
    pages = []
    while path:
        page = browser.get(path).text
        pages.append(shown(page))
        link = re.search(rf'<a rel="{direction}" href="([^"]+)"', page)
        path = link[1].replace("&amp;", "&") if link else ""
    return pages


def test_jobs_are_listed_newest_first_in_pages_without_gap_or_overlap(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    # Some were requested at the same moment: the id decides their order.
    made = [
        rows.job(session, target, JobStatus.FAILED, ago=timedelta(minutes=number // 3))
        for number in range(120)
    ]
    newest_first = sorted(made, key=lambda job: (job.queued_at, job.id.int), reverse=True)
    pages = walk(viewer, "/jobs", "next")
    assert [len(page) for page in pages] == [50, 50, 20]
    assert [job_id for page in pages for job_id in page] == [job.id for job in newest_first]


def test_the_way_back_leads_over_the_same_pages(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    for number in range(120):
        rows.job(session, target, JobStatus.FAILED, ago=timedelta(minutes=number))
    forth = walk(viewer, "/jobs", "next")
    last = viewer.get("/jobs")
    for _ in range(2):
        link = re.search(r'rel="next" href="([^"]+)"', last.text)
        assert link
        last = viewer.get(link[1].replace("&amp;", "&"))
    back = walk(viewer, last.request.full_path, "prev")
    assert back == forth[::-1]


def test_the_address_filters_by_target_and_status(viewer: Browser, session: Session) -> None:
    jobs = rows.fill(session)
    assert shown(viewer.get("/jobs?target=tokyo_prices").text) == [jobs["completed"].id]
    assert shown(viewer.get("/jobs?status=failed").text) == [jobs["failed"].id]
    assert shown(viewer.get("/jobs?target=demo_shop&status=skipped").text) == [jobs["skipped"].id]
    nothing = viewer.get("/jobs?target=books&status=failed").text
    assert "No job fits." in nothing
    assert 'name="target" list="target-names" value="books"' in nothing


def test_pages_keep_their_filter(viewer: Browser, session: Session, target: ScrapingTarget) -> None:
    other = rows.target(session, "other")
    for number in range(60):
        rows.job(session, target, JobStatus.FAILED, ago=timedelta(minutes=number))
        rows.job(session, other, JobStatus.FAILED, ago=timedelta(minutes=number))
    pages = walk(viewer, "/jobs?target=other&status=failed", "next")
    assert [len(page) for page in pages] == [50, 10]


def test_the_list_of_none_says_what_to_do(viewer: Browser) -> None:
    assert "No jobs yet. Press Run" in viewer.get("/jobs").text


def test_a_job_says_first_how_it_stands(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    for status, values, sentence in STANDINGS:
        job = rows.job(session, target, status, **values)
        page = viewer.get(f"/jobs/{job.id}").text
        assert sentence in re.sub(r"<[^>]+>", "", page)
        session.delete(job)
        session.flush()


def test_a_job_that_waits_for_its_next_try_says_when(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target, JobStatus.PENDING, error_message="The site was away.")
    job.failures = 2
    job.run_after = job.queued_at + timedelta(hours=5)
    session.flush()
    page = viewer.get(f"/jobs/{job.id}").text
    assert "It failed 2 times in a row without reading a page; it tries again" in page
    assert "in 4 h" in page
    assert "The site was away." in page


def test_a_job_shows_its_counts_error_log_items_rejections_and_attempts_in_that_order(
    viewer: Browser, session: Session
) -> None:
    job = rows.fill(session)["completed"]
    job.error_message = rows.TRACEBACK
    session.flush()
    page = viewer.get(f"/jobs/{job.id}").text
    told = ["60 items from 67 pages", ">1.2 MB<", "503 to all 3 tries", "<summary>Traceback<"]
    told += ["decimal.InvalidOperation", "Slow answer: 4.2 s", "万年筆 0 号", "40000 bits"]
    told += ["crawls@kumo-1"]
    places = [page.index(text) for text in told]
    assert places == sorted(places)
    assert "\x1b" not in page


def test_items_are_a_table_of_their_fields(viewer: Browser, session: Session) -> None:
    page = viewer.get(f"/jobs/{rows.fill(session)['completed'].id}").text
    headers = re.findall(r'<th scope="col"><bdi>([^<]+)</bdi></th>', page)
    assert headers[0] == "name"
    assert set(headers) == {"name", "price", "in_stock", "url", "tags", "description"}
    link = '<a href="https://example.jp/商品/0" rel="noopener noreferrer nofollow"'
    assert link in page
    assert len(re.findall(r'<tr id="item-', page)) == 20


def test_scraped_text_stays_text_wherever_it_is_shown(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    for text in HOSTILE:
        trace = f"{text}\n{text}"
        job = rows.job(session, target, JobStatus.FAILED, error_message=trace, finish_reason=text)
        fields = {"name": text, text[:40]: [text], "url": text, "deep": {text: text}}
        rows.item(session, job, fields)
        rows.line(session, job, 1, text, level=40)
        rows.rejected(session, job, text, text)
        rows.crawl(session, job, worker=text, outcome=text)
        session.flush()
        for path in (f"/jobs/{job.id}", "/jobs", "/targets", f"/targets/{target.id}"):
            harmless(viewer, path)


def harmless(browser: Browser, path: str) -> None:
    page = browser.get(path)
    assert page.status_code == 200
    assert len(page.data) < 300_000
    for markup in ("<script>alert", "<img src=x", "<svg onload", 'href="javascript', "\x1b"):
        assert markup not in page.text


def test_an_item_of_megabytes_is_cut_by_the_database(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target)
    rows.item(session, job, {"body": "x" * 3_000_000})
    rows.item(session, job, {f"field{number}": number for number in range(5_000)})
    assert len(viewer.get(f"/jobs/{job.id}").data) < 20_000


def test_the_fragment_is_the_content_without_its_page(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target, JobStatus.RUNNING)
    whole = viewer.get(f"/jobs/{job.id}").text
    fragment = viewer.get(f"/jobs/{job.id}", headers={"X-Kumo-Fragment": "1"})
    assert "<html" in whole
    assert fragment.text.startswith('<div id="live">')
    assert "data-live" in fragment.text
    assert "Set-Cookie" not in fragment.headers


def test_a_fragment_takes_no_message_away_from_the_page_it_is_for(
    operator: Browser, target: ScrapingTarget
) -> None:
    operator.post(f"/targets/{target.id}/run")
    operator.client.get("/targets", headers={"X-Kumo-Fragment": "1"})
    assert "Started. Job ID:" in operator.get("/targets").text


def test_buttons_are_those_the_state_allows(
    operator: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target, JobStatus.PENDING)
    allowed = {
        JobStatus.PENDING: {"pause", "cancel"},
        JobStatus.RUNNING: {"pause", "cancel"},
        JobStatus.PAUSED: {"resume", "cancel"},
        JobStatus.COMPLETED: {"retry"},
        JobStatus.FAILED: {"retry"},
        JobStatus.CANCELLED: {"retry"},
        JobStatus.SKIPPED: {"retry"},
    }
    for status, actions in allowed.items():
        job.status = status
        session.flush()
        page = operator.get(f"/jobs/{job.id}").text
        assert set(re.findall(rf'formaction="/jobs/{job.id}/(\w+)"', page)) == actions


def test_pause_resume_and_cancel_do_what_they_say(
    operator: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target, JobStatus.PENDING)
    for action, status, sentence in (
        ("pause", JobStatus.PAUSED, "Paused."),
        ("resume", JobStatus.PENDING, "Resumed."),
        ("cancel", JobStatus.CANCELLED, "Cancelled."),
    ):
        page = operator.post(f"/jobs/{job.id}/{action}", follow_redirects=True).text
        session.refresh(job)
        assert job.status is status
        assert sentence in page


def test_a_running_job_is_asked_and_the_answer_says_so(
    operator: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target, JobStatus.RUNNING)
    page = operator.post(f"/jobs/{job.id}/pause", follow_redirects=True).text
    assert "Pausing: the crawl stops at its next checkpoint." in page
    page = operator.post(f"/jobs/{job.id}/cancel", follow_redirects=True).text
    assert "Cancelling: the crawl stops at its next checkpoint." in page
    session.refresh(job)
    assert (job.status, job.requested) == (JobStatus.RUNNING, Requested.CANCEL)


def test_retry_makes_a_new_job_and_shows_it(
    operator: Browser, session: Session, target: ScrapingTarget
) -> None:
    old = rows.job(session, target, JobStatus.FAILED)
    answer = operator.post(f"/jobs/{old.id}/retry", follow_redirects=True)
    new = session.scalars(select(ScrapingJob).where(ScrapingJob.retry_of == old.id)).one()
    assert answer.request.path == f"/jobs/{new.id}"
    assert "Started. Job ID:" in answer.text
    assert f'<a href="/jobs/{old.id}">It repeats an earlier job.</a>' in answer.text


def test_a_change_of_a_job_that_does_not_exist_is_not_found(operator: Browser) -> None:
    for action in ("cancel", "pause", "resume", "retry"):
        assert operator.post(f"/jobs/{uuid4()}/{action}").status_code == 404


def test_a_job_of_a_deleted_target_can_still_be_read(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target)
    targets.delete(session, target)
    for path in (f"/jobs/{job.id}", "/jobs"):
        page = viewer.get(path).text
        assert "(deleted)" in page
        assert f'href="/targets/{target.id}"' not in page


def plain(page: str) -> str:
    """What a reader sees, without tags and line breaks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def test_several_statuses_and_a_trigger_are_filters_too(viewer: Browser, session: Session) -> None:
    jobs = rows.fill(session)
    both = shown(viewer.get("/jobs?status=failed&status=completed").text)
    assert both == [jobs["failed"].id, jobs["completed"].id]
    assert shown(viewer.get("/jobs?trigger=beat").text) == [jobs["completed"].id]
    nothing = viewer.get("/jobs?trigger=beat&status=failed").text
    assert "No job fits." in nothing
    assert '<option value="beat" selected>' in nothing
    assert 'value="failed" checked>' in nothing


def test_a_verdict_is_a_filter_and_shows_where_there_is_doubt(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    jobs = {verdict: rows.job(session, target, verdict=verdict) for verdict in (*Verdict, None)}
    for verdict in Verdict:
        page = viewer.get(f"/jobs?verdict={verdict}").text
        assert shown(page) == [jobs[verdict].id]
        assert f'<option value="{verdict}" selected>' in page
        assert page.count("status-paused verdict") == (verdict is Verdict.SUSPICIOUS)
    assert viewer.get("/jobs?verdict=perfect").status_code == 422


def test_a_judged_job_says_why_and_beside_which_runs(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    before = rows.job(session, target, verdict=Verdict.GOOD, items_scraped=4_321)
    job = rows.job(session, target, verdict=Verdict.SUSPICIOUS)
    judge(session, job, findings_on("price"), [before])
    page = viewer.get(f"/jobs/{job.id}").text
    told = "price is empty in 49 of 50 items; in the last 10 jobs it was empty in at most 1."
    assert told in plain(page)
    assert "Of 75 items, 50 were looked at." in page
    assert f'<a href="/jobs/{before.id}">' in page[page.index("Compared with one earlier job") :]
    assert "4,321" in page


def test_days_are_those_of_the_reader(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    viewer.client.set_cookie("kumo_zone", "Asia/Tokyo")
    at = [datetime(2026, 3, 9, hour, 30, tzinfo=UTC) for hour in (14, 15)]
    jobs = [rows.job(session, target, queued_at=each) for each in at]
    # Half past midnight in Tokyo is the tenth there, and the ninth in London.
    assert shown(viewer.get("/jobs?from=2026-03-10&to=2026-03-10").text) == [jobs[1].id]
    assert shown(viewer.get("/jobs?to=2026-03-09").text) == [jobs[0].id]
    viewer.client.set_cookie("kumo_zone", "Europe/London")
    assert len(shown(viewer.get("/jobs?from=2026-03-09&to=2026-03-09").text)) == 2


def test_a_target_that_is_not_there_is_said_and_the_form_stays(viewer: Browser) -> None:
    answer = viewer.get("/jobs?target=nob%00ody")
    assert answer.status_code == 404
    assert 'value="nobody"' in answer.text
    assert "No job fits." in answer.text


def test_a_filter_that_cannot_be_is_refused_in_a_sentence(viewer: Browser) -> None:
    for query in ("status=lost", "trigger=x", "from=yesterday", "to=9999-12-31", "from=0001-01-01"):
        answer = viewer.get(f"/jobs?{query}")
        assert answer.status_code == 422, query
        assert "is n" in answer.text


def test_ticked_jobs_are_cancelled_and_told_about_in_one_message(
    operator: Browser, session: Session
) -> None:
    jobs = rows.fill(session)
    ticked = [str(job.id) for job in jobs.values()] + [str(uuid4())]
    page = operator.post("/jobs/bulk", {"verb": "cancel", "job": ticked}, follow_redirects=True)
    told = plain(page.text)
    assert "Cancelled 1 job." in told
    assert "1 job was told to stop and ends at its next checkpoint." in told
    assert "4 could not be cancelled: they had ended already." in told
    assert "1 is not there any more" in told
    session.expire_all()
    assert jobs["paused"].status is JobStatus.CANCELLED
    assert jobs["running"].requested is Requested.CANCEL
    assert sorted(audited(session)) == sorted(
        [("job.cancel", str(jobs["paused"].id)), ("job.cancel", str(jobs["running"].id))]
    )


def audited(session: Session) -> list[tuple[str, str]]:
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action.like("job.%")))
    return [(entry.action, entry.subject) for entry in entries]


def test_ticked_jobs_are_retried_and_told_about_in_one_message(
    operator: Browser, session: Session
) -> None:
    jobs = rows.fill(session)
    ticked = [str(job.id) for job in jobs.values()]
    page = operator.post("/jobs/bulk", {"verb": "retry", "job": ticked}, follow_redirects=True)
    told = plain(page.text)
    assert "Started 2 jobs." in told
    assert "2 were not repeated: another job of their target is active." in told
    assert "2 could not be repeated: they have not ended yet." in told
    again = session.scalars(select(ScrapingJob.retry_of).where(ScrapingJob.retry_of.is_not(None)))
    assert set(again) == {jobs["failed"].id, jobs["completed"].id}


def test_a_bulk_request_that_cannot_be_is_refused(operator: Browser) -> None:
    nothing = operator.post("/jobs/bulk", {"verb": "cancel"}, follow_redirects=True)
    assert "No job was ticked" in nothing.text
    many = {"verb": "cancel", "job": [str(uuid4()) for _ in range(201)]}
    for form in ({"verb": "delete"}, {"verb": "retry", "job": ["x"]}, many):
        assert operator.post("/jobs/bulk", form).status_code == 422


def test_only_who_may_change_jobs_can_tick_them(
    viewer: Browser, operator: Browser, session: Session
) -> None:
    rows.fill(session)
    assert 'type="checkbox" form="press" name="job"' in operator.get("/jobs").text
    page = viewer.get("/jobs").text
    assert 'name="job"' not in page
    assert 'name="verb"' not in page


def test_a_pending_job_says_why_it_waits_in_the_list_and_on_its_page(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target, JobStatus.PENDING)
    assert "no worker is alive" in viewer.get("/jobs").text
    assert "No worker is alive, and none has been heard of" in viewer.get(f"/jobs/{job.id}").text
    session.add(Worker(name="crawls@kumo-1", pid=1, queues=["crawls"], slots=1))
    running = rows.job(session, rows.target(session, "books"), JobStatus.RUNNING)
    rows.crawl(session, running)
    session.flush()
    page = plain(viewer.get(f"/jobs/{job.id}").text)
    assert re.search(r"The only slot is busy with books \(began .+? ago\)\.", page)
    assert "every slot is busy" in viewer.get("/jobs").text
    running.status = JobStatus.COMPLETED
    for crawl in session.scalars(select(Crawl)):
        crawl.ended_at = running.queued_at
    job.run_after = job.rung_at = datetime.now(UTC)
    session.flush()
    assert "it starts in a moment" in viewer.get(f"/jobs/{job.id}").text


def test_a_running_job_tells_its_speed_and_when_it_likely_ends(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    for day in (1, 2, 3):
        rows.job(session, target, ago=timedelta(days=day), pages=2_000)
    job = rows.job(session, target, JobStatus.RUNNING, ago=timedelta(seconds=60), pages=500)
    for second in range(50):
        at = job.started_at + timedelta(seconds=second)
        session.add(JobProgress(job_id=job.id, began_at=at, pages=10))
    session.flush()
    page = viewer.get(f"/jobs/{job.id}").text
    assert re.search(r"[78]\.[0-9] pages a second", page)
    assert re.search("About [23] min left: the last jobs of this target had 2,000 pages.", page)
    assert '<progress max="2000" value="500"' in page
    assert '<h2 class="h5" id="speed">' in page


def test_a_job_is_compared_with_the_one_before(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    before = rows.job(session, target, ago=timedelta(hours=9), pages=1_500, items_scraped=60)
    rows.job(session, target, JobStatus.FAILED, ago=timedelta(hours=5), pages=3)
    job = rows.job(session, target, pages=1_488, items_scraped=60, bytes_received=2_000)
    page = viewer.get(f"/jobs/{job.id}").text
    versus = re.findall(r'<dd class="versus">([^<]+)</dd>', page)
    assert versus[:2] == ["−12", "same"]
    assert versus[-1] == "+2.0 kB"
    assert f'Compared with <a href="/jobs/{before.id}">the job before</a>' in page
    assert "Compared with" not in viewer.get(f"/jobs/{before.id}").text


def test_the_log_is_filtered_by_its_address_and_leads_to_older_lines(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target, JobStatus.RUNNING)
    for seq in range(450):
        rows.line(session, job, seq, f"Crawled page {seq}", level=40 if seq % 100 == 7 else 20)
    session.flush()
    path, walked = f"/jobs/{job.id}", []
    while path:
        page = viewer.get(path).text
        walked.append([int(seq) for seq in re.findall(r'<tr id="line-1-(\d+)"', page)])
        link = re.search(r'<a rel="prev" href="([^"#]+)#log"', page)
        path = link[1].replace("&amp;", "&") if link else ""
    assert [seq for lines in walked[::-1] for seq in lines] == list(range(450))
    page = viewer.get(f"/jobs/{job.id}?level=40&find=PAGE 2", headers={"X-Kumo-Fragment": "1"}).text
    assert re.findall(r'<tr id="line-1-(\d+)"', page) == ["207"]
    assert 'value="PAGE 2"' in page
    assert '<option value="40" selected>' in page
    assert "No line fits." in viewer.get(f"/jobs/{job.id}?find=nothing").text


def test_a_place_or_level_that_is_none_is_refused(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target)
    for query in ("before=x", "before=1-99999999999", "level=7", "level=x"):
        assert viewer.get(f"/jobs/{job.id}?{query}").status_code == 422, query
    for query in ("rejected=zz", "given_up=0", "find=%00"):
        assert viewer.get(f"/jobs/{job.id}?{query}").status_code == 200, query


def test_the_log_is_downloaded_whole_or_as_it_is_filtered(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target)
    for seq in range(1_200):
        rows.line(session, job, seq, f"Crawled \x1b[31m{seq}", level=40 if seq == 7 else 20)
    session.flush()
    answer = viewer.get(f"/jobs/{job.id}/log.txt")
    assert answer.mimetype == "text/plain"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="shop-')
    lines = answer.text.splitlines()
    assert [line.rpartition(" ")[2] for line in lines] == [str(seq) for seq in range(1_200)]
    assert re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z INFO \[scrapy\.core\.engine\] Crawled 0$", lines[0])
    (only,) = viewer.get(f"/jobs/{job.id}/log.txt?level=40").text.splitlines()
    assert "ERROR" in only
    assert viewer.get(f"/jobs/{uuid4()}/log.txt").status_code == 404


def test_given_up_pages_are_told_with_their_reasons_and_walked(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target, pages_given_up=25)
    for number in range(25):
        page = ChargedPage(
            job_id=job.id, request_id=bytes([number]), url=f"https://a.example/{number}"
        )
        page.reason, page.given_up_at = "KeyError: 'price'\ntraceback", job.completed_at
        session.add(page)
    session.flush()
    first = viewer.get(f"/jobs/{job.id}").text
    assert "https://a.example/19" in first
    assert "KeyError: &#39;price&#39;</bdi>" in first
    link = re.search(r'<a rel="next" href="([^"#]+)#given-up"', first)
    assert link
    further = viewer.get(link[1]).text
    assert "https://a.example/24" in further
    assert "https://a.example/19<" not in further


def test_attempts_tell_how_they_ended_and_what_lay_between(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target, JobStatus.RUNNING, ago=timedelta(hours=1), attempt=4)
    began = job.started_at
    for attempt, outcome in enumerate(("signal_9", "pause_requested", "redis_away"), 1):
        at = began + timedelta(minutes=5 * attempt)
        ended = at + timedelta(minutes=1)
        rows.crawl(session, job, attempt, started_at=at, ended_at=ended, outcome=outcome)
    rows.crawl(session, job, 4, started_at=began + timedelta(minutes=20))
    session.flush()
    page = plain(viewer.get(f"/jobs/{job.id}").text)
    told = ["its crawler was killed by signal 9", "4 min of waiting before it tried again."]
    told += ["somebody paused it", "Paused for 4 min.", "Redis did not answer"]
    told += ["4 min until the storage answered", "still crawling"]
    places = [page.index(each) for each in told]
    assert places == sorted(places)


def test_crawls_that_share_an_attempt_are_listed_by_number(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target, JobStatus.RUNNING, ago=timedelta(hours=1), attempt=2)
    ended = job.started_at + timedelta(minutes=5)
    rows.crawl(session, job, 1, ended_at=ended, outcome="stopped", places=2)
    rows.crawl(session, job, 1, number=1, ended_at=ended, outcome="signal_9")
    rows.crawl(session, job, 2, places=2)
    rows.crawl(session, job, 2, number=1)
    session.flush()
    page = viewer.get(f"/jobs/{job.id}").text
    found = re.findall(r'<tr id="((?:attempt|before)-[\d-]+)"', page)
    assert found == ["attempt-1", "attempt-1-1", "before-2", "attempt-2", "attempt-2-1"]
    assert page.count("crawl 1") == 2


def test_what_a_job_carries_is_shown_without_its_secrets(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    definition = {"spider": "demo_shop", "arguments": {"category": "pens", "api_key": "hush"}}
    job = rows.job(
        session, target, definition=definition, stats={"downloader/request_count": 1_234}
    )
    page = viewer.get(f"/jobs/{job.id}").text
    assert "pens" in page
    assert "hush" not in page
    assert re.search(r"Requests sent</bdi></dt><dd><bdi>1,234<", page)


def test_a_job_that_rests_is_not_asked_for_again(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target, JobStatus.PAUSED)
    assert "data-live" not in viewer.get(f"/jobs/{job.id}").text
    assert "data-live" not in viewer.get("/jobs").text
    job.status = JobStatus.PENDING
    session.flush()
    assert "data-live" in viewer.get(f"/jobs/{job.id}").text
    assert "data-live" in viewer.get("/jobs").text
