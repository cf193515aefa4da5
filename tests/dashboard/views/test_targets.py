import re
import time
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import redis
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from orchestrator.ledger import targets
from orchestrator.ledger.models import AuditEntry, JobStatus, ScrapingJob, ScrapingTarget, Trigger
from tests.dashboard import rows
from tests.dashboard.conftest import Browser


def only_job(session: Session) -> ScrapingJob:
    session.expire_all()
    return session.scalars(select(ScrapingJob)).one()


def test_run_answers_with_the_id_of_a_job_that_exists(
    operator: Browser, session: Session, target: ScrapingTarget
) -> None:
    page = operator.post(f"/targets/{target.id}/run", follow_redirects=True).text
    job = only_job(session)
    assert (job.status, job.trigger) == (JobStatus.PENDING, Trigger.DASHBOARD)
    assert "Started. Job ID:" in page
    assert f'href="/jobs/{job.id}">{job.id}</a>' in page


def test_run_rings_the_bell(
    operator: Browser, session: Session, target: ScrapingTarget, redis_url: str
) -> None:
    operator.post(f"/targets/{target.id}/run")
    with redis.Redis.from_url(redis_url) as client:
        bells = [bell for key in client.keys("crawls*") for bell in client.lrange(key, 0, -1)]  # type: ignore[union-attr]
    assert [str(only_job(session).id).encode() in bell for bell in bells] == [True]


def test_a_second_press_tells_the_job_that_is_active(
    operator: Browser, session: Session, target: ScrapingTarget
) -> None:
    operator.post(f"/targets/{target.id}/run")
    page = operator.post(f"/targets/{target.id}/run", follow_redirects=True).text
    assert "Already running. Job ID:" in page
    assert f'href="/jobs/{only_job(session).id}">' in page


def test_run_goes_back_to_the_page_it_stood_on(operator: Browser, target: ScrapingTarget) -> None:
    path = f"/targets/{target.id}"
    assert operator.post(f"{path}/run", {"next": path}).location == path
    assert operator.post(f"{path}/run", {"next": "//evil.example"}).location == "/targets"


def test_run_answers_in_under_a_tenth_of_a_second(operator: Browser, session: Session) -> None:
    ids = [rows.target(session, f"shop-{number}").id for number in range(8)]
    operator.post(f"/targets/{ids[0]}/run")  # the first connects
    times = []
    for target_id in ids[1:]:
        began = time.perf_counter()
        operator.post(f"/targets/{target_id}/run")
        times.append(time.perf_counter() - began)
    assert sorted(times)[len(times) // 2] < 0.1, times


def test_without_redis_run_answers_all_the_same(
    operator: Browser, session: Session, target: ScrapingTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.celery.app.conf.broker_url", "redis://127.0.0.1:1/0")
    began = time.perf_counter()
    page = operator.post(f"/targets/{target.id}/run", follow_redirects=True).text
    assert "Started. Job ID:" in page
    assert time.perf_counter() - began < 3
    assert only_job(session).rung_at is None


def test_run_of_a_target_that_was_deleted_is_not_found(
    operator: Browser, session: Session, target: ScrapingTarget
) -> None:
    targets.delete(session, target)
    answer = operator.post(f"/targets/{target.id}/run")
    assert answer.status_code == 404
    assert "There is no target" in answer.text


def test_run_all_starts_the_active_targets_alone(operator: Browser, session: Session) -> None:
    for name in ("one", "two"):
        rows.target(session, name)
    busy = rows.target(session, "busy")
    rows.job(session, busy, JobStatus.RUNNING)
    rows.target(session, "asleep", active=False)
    page = operator.post("/targets/run-all", follow_redirects=True).text
    assert "Started 2 jobs." in page
    assert "1 target was active already." in page
    assert session.scalar(select(func.count()).select_from(ScrapingJob)) == 3


def test_run_all_without_an_active_target_says_so(operator: Browser, session: Session) -> None:
    rows.target(session, "asleep", active=False)
    page = operator.post("/targets/run-all", follow_redirects=True).text
    assert "no target is enabled" in page


def test_a_target_is_disabled_and_enabled_again(
    operator: Browser, session: Session, target: ScrapingTarget
) -> None:
    page = operator.post(f"/targets/{target.id}/disable", follow_redirects=True).text
    session.refresh(target)
    assert not target.active
    assert "Disabled: shop no longer runs on its schedule" in page
    operator.post(f"/targets/{target.id}/enable")
    session.refresh(target)
    assert target.active


def test_who_pressed_what_is_written_down(
    operator: Browser, session: Session, target: ScrapingTarget
) -> None:
    operator.post(f"/targets/{target.id}/run")
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry
    assert (entry.who, entry.action, entry.subject) == ("operator", "target.run", str(target.id))
    assert entry.details == {"job_id": str(only_job(session).id)}


def test_urgently_starts_a_job_before_all_others(
    operator: Browser, session: Session, target: ScrapingTarget
) -> None:
    page = operator.post(f"/targets/{target.id}/run-urgently", follow_redirects=True).text
    assert only_job(session).priority == 0
    assert "Started. Job ID:" in page


def test_urgently_hastens_the_job_that_waits(
    operator: Browser, session: Session, target: ScrapingTarget
) -> None:
    operator.post(f"/targets/{target.id}/run")
    page = operator.post(f"/targets/{target.id}/run-urgently", follow_redirects=True).text
    assert only_job(session).priority == 0
    assert "now it is first in line" in page


def test_urgently_tells_the_job_that_runs(
    operator: Browser, session: Session, target: ScrapingTarget
) -> None:
    rows.job(session, target, JobStatus.RUNNING)
    page = operator.post(f"/targets/{target.id}/run-urgently", follow_redirects=True).text
    assert "Already running. Job ID:" in page
    assert only_job(session).priority == 5


def press_for(operator: Browser, verb: str, *ids: object) -> str:
    data: Any = {"verb": verb, "target": [str(each) for each in ids]}
    return operator.post("/targets/checked", data, follow_redirects=True).text


def test_the_ticked_targets_are_run(operator: Browser, session: Session) -> None:
    ids = [rows.target(session, f"t{number}").id for number in range(3)]
    rows.job(session, session.get_one(ScrapingTarget, ids[0]), JobStatus.RUNNING)
    rows.target(session, "not-ticked")
    page = press_for(operator, "run", *ids)
    assert "Started 2 jobs." in page
    assert "1 target was active already." in page
    assert session.scalar(select(func.count()).select_from(ScrapingJob)) == 3
    noted = session.scalars(
        select(AuditEntry.subject).where(AuditEntry.action == "target.run").order_by(AuditEntry.id)
    )
    assert sorted(noted) == sorted(map(str, ids))


@pytest.mark.parametrize(("verb", "active"), [("enable", True), ("disable", False)])
def test_the_ticked_targets_are_enabled_and_disabled(
    operator: Browser, session: Session, verb: str, active: bool
) -> None:
    ticked = [rows.target(session, name, active=not active) for name in ("a", "b")]
    other = rows.target(session, "other", active=not active)
    assert f"{verb.capitalize()}d 2 targets" in press_for(operator, verb, *(t.id for t in ticked))
    for each in (*ticked, other):
        session.refresh(each)
    assert [each.active for each in (*ticked, other)] == [active, active, not active]
    actions = session.execute(select(AuditEntry.action, AuditEntry.subject)).all()
    assert {(f"target.{verb}", "a"), (f"target.{verb}", "b")} <= set(map(tuple, actions))


def test_without_a_tick_nothing_happens_and_the_page_says_so(
    operator: Browser, session: Session, target: ScrapingTarget
) -> None:
    assert "Tick the targets first" in press_for(operator, "run")
    assert session.scalar(select(func.count()).select_from(ScrapingJob)) == 0


@pytest.mark.parametrize(
    ("verb", "ids"),
    [
        ("explode", ["1"]),
        ("", ["1"]),
        ("run", ["x"]),
        ("run", ["9" * 40]),
        ("run", ["-1"]),
        ("run", ["1"] * 150),
        ("run", ["999999"]),
    ],
)
def test_a_forged_form_is_answered_with_a_sentence(
    operator: Browser, target: ScrapingTarget, verb: str, ids: list[str]
) -> None:
    data: Any = {"verb": verb, "target": ids}
    assert operator.post("/targets/checked", data).status_code in (303, 413, 422)


def test_the_list_shows_each_target_with_its_last_job(viewer: Browser, session: Session) -> None:
    rows.fill(session)
    page = viewer.get("/targets").text
    for words in ("demo_shop", "Running", "1,180", "12 new", "31 changed", "Disabled", "Failed"):
        assert words in page


def test_the_list_of_none_leads_to_the_form_for_whoever_may_add(
    viewer: Browser, operator: Browser
) -> None:
    assert "No targets yet" in viewer.get("/targets").text
    assert "/targets/new" not in viewer.get("/targets").text
    assert "/targets/new" in operator.get("/targets").text


def test_the_list_is_live_exactly_while_a_job_is_active(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target, JobStatus.RUNNING)
    assert "data-live" in viewer.get("/targets").text
    job.status = JobStatus.COMPLETED
    session.flush()
    assert "data-live" not in viewer.get("/targets").text


def listed(browser: Browser, query: str) -> list[str]:
    page = browser.get(f"/targets?{query}")
    assert page.status_code == 200
    return re.findall(r'<a class="name" href="/targets/\d+">([^<]+)</a>', page.text)


def test_filters_are_in_the_address(viewer: Browser, session: Session) -> None:
    rows.fill(session)
    targets.change(session, targets.find(session, "tokyo_prices"), {"tags": ["日本", "a & b"]})
    assert listed(viewer, "text=TOKYO") == ["tokyo_prices"]
    assert listed(viewer, "tag=a+%26+b") == ["tokyo_prices"]
    assert listed(viewer, "state=disabled") == ["books"]
    assert listed(viewer, "outcome=running") == ["demo_shop"]
    assert listed(viewer, "outcome=never") == []
    assert listed(viewer, "sort=items")[0] == "demo_shop"
    page = viewer.get("/targets?text=zzz&sort=items").text
    assert "No target fits." in page
    assert 'value="zzz"' in page
    assert '<option value="items" selected>' in page


def test_pages_keep_the_filters(viewer: Browser, session: Session) -> None:
    for number in range(53):
        rows.target(session, f"t{number:02}", tags=["x"])
    first = viewer.get("/targets?tag=x&sort=last_job").text
    (after,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = viewer.get(unescape(after)).text
    names = re.findall(r'<a class="name"[^>]+>([^<]+)</a>', first + second)
    assert names == [f"t{number:02}" for number in range(53)]
    assert "tag=x" in after
    (before,) = re.findall(r'rel="prev" href="([^"]+)"', second)
    assert (
        re.findall(r'<a class="name"[^>]+>([^<]+)</a>', viewer.get(unescape(before)).text)
        == (names[:50])
    )


@pytest.mark.parametrize(
    "query",
    [
        "outcome=lost", "state=1", "sort=colour", "after=x", "after=" + "9" * 30, "before=-1",
        "after=١", "state=%00", "sort=" + "z" * 2_000,
    ],
)  # fmt: skip
def test_an_address_that_no_form_makes_is_answered_with_a_sentence(
    viewer: Browser, query: str
) -> None:
    assert viewer.get(f"/targets?{query}").status_code == 422


@pytest.mark.parametrize("query", ["text=%00%1b[31m", "text=" + "%25" * 900, "tag=%00", "tag=%ff"])
def test_any_text_can_be_looked_for(viewer: Browser, target: ScrapingTarget, query: str) -> None:
    assert viewer.get(f"/targets?{query}").status_code == 200


def test_a_viewer_sees_no_boxes_and_no_buttons(
    viewer: Browser, operator: Browser, target: ScrapingTarget
) -> None:
    for path in ("/targets", f"/targets/{target.id}"):
        page = viewer.get(path).text
        for words in ('type="checkbox"', "/run", "/edit", "/delete", "/enable", "/targets/new"):
            assert words not in page, words
    assert 'type="checkbox"' in operator.get("/targets").text


def test_the_list_shows_how_items_went(viewer: Browser, session: Session) -> None:
    target = rows.target(session)
    for ago, items in ((3, 10), (2, 30), (1, 20)):
        rows.job(session, target, ago=timedelta(hours=ago), items_scraped=items)
    assert "Items of its last jobs: last 20, between 10 and 30" in viewer.get("/targets").text


def test_a_target_tells_its_definition_in_words(viewer: Browser, session: Session) -> None:
    jobs = rows.fill(session)
    page = viewer.get(f"/targets/{jobs['completed'].target_id}").text
    for words in ("Every 6 hours from 00:00 on (Asia/Tokyo)", "0.5", "商品番号"):
        assert words in page
    assert f"/jobs/{jobs['completed'].id}" in page


def test_a_target_without_a_schedule_runs_every_night(
    viewer: Browser, target: ScrapingTarget
) -> None:
    page = viewer.get(f"/targets/{target.id}").text
    assert "The nightly default: Every day at 00:00 (UTC)" in page
    assert page.count(", 00:00</time>") == 10


def test_the_next_times_are_in_the_zone_of_the_target_and_of_the_reader(
    viewer: Browser, session: Session
) -> None:
    target = rows.target(session, schedule="30 3 * * *", timezone="Asia/Tokyo")
    viewer.client.set_cookie("kumo_zone", "Europe/Berlin")
    page = viewer.get(f"/targets/{target.id}").text
    assert "For you (Europe/Berlin)" in page
    assert ", 03:30</time>" in page
    viewer.client.set_cookie("kumo_zone", "Asia/Tokyo")
    assert "For you" not in viewer.get(f"/targets/{target.id}").text


def test_a_paused_schedule_says_so_and_can_be_resumed(
    operator: Browser, session: Session, target: ScrapingTarget
) -> None:
    assert "Pause schedule" in operator.get(f"/targets/{target.id}").text
    operator.post(f"/targets/{target.id}/disable")
    page = operator.get(f"/targets/{target.id}").text
    assert "The schedule is paused" in page
    assert "Resume schedule" in page


def test_charts_show_what_ended_jobs_brought(viewer: Browser, session: Session) -> None:
    target = rows.target(session)
    rows.job(session, target, ago=timedelta(hours=2), items_scraped=40, pages=9, errors=2)
    assert "ended jobs" not in viewer.get(f"/targets/{target.id}").text
    rows.job(session, target, ago=timedelta(hours=1), items_scraped=50, pages=8)
    page = viewer.get(f"/targets/{target.id}").text
    assert "Its last 2 ended jobs" in page
    assert "Items: last 50, between 40 and 50" in page
    assert "Pages: last 8, between 8 and 9" in page


def test_an_argument_that_is_a_secret_is_not_shown(operator: Browser, session: Session) -> None:
    arguments = {"api_key": "hunter2-key", "login_password": "hunter2", "pages": 3}
    target = rows.target(session, arguments=arguments)
    for path in ("", "/edit"):
        page = operator.get(f"/targets/{target.id}{path}").text
        assert "login_password" in page
        assert "hunter2" not in page


def test_five_hundred_targets_fill_pages_that_are_small_and_fast(
    viewer: Browser, session: Session
) -> None:
    target = rows.target(session, "t000", tags=["some", "tags"])
    rows.job(session, target)
    rows.job(session, target, ago=timedelta(hours=2), items_scraped=7)
    rows.multiply(session, target, [f"t{number:03}" for number in range(1, 500)])
    session.execute(
        text("UPDATE scraping_jobs SET items_scraped = target_id WHERE items_scraped = 0")
    )
    session.execute(text("ANALYZE"))
    for query in ("", "sort=items", "sort=last_job&outcome=completed", "text=99"):
        times = []
        for _ in range(5):
            began = time.perf_counter()
            page = viewer.get(f"/targets?{query}")
            times.append(time.perf_counter() - began)
        assert len(page.data) < 200_000
        # Measured at 50 ms; more is allowed to a machine that is busy with other tests.
        assert min(times) < 0.2, query
