"""Why a pending job waits: the first reason that holds."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from orchestrator import config
from orchestrator.ledger import ticks, waiting, workers
from orchestrator.ledger.models import JobStatus, Queue
from orchestrator.ledger.waiting import Reason, Waiting
from orchestrator.ledger.workers import Seen
from tests.orchestrator.ledger import given

WORKER = "w@here"  # the one that `given.claim` names


@pytest.fixture
def job_id(target_id: int) -> UUID:
    return given.a_job(target_id)


def a_worker(name: str = WORKER, *, slots: int = 2, queue: str = Queue.CRAWLS) -> None:
    given.do(workers.begin, Seen(name, 4711, [str(queue)], slots, memory_bytes=0))


def a_sweep() -> None:
    given.do(ticks.tick, ticks.SWEEP)


def age(table: str, column: str, seconds: float) -> None:
    given.execute(f"UPDATE {table} SET {column} = now() - make_interval(secs => {seconds})")


def why(job_id: UUID) -> Waiting:
    return given.do(waiting.why, given.job(job_id))


def running(name: str, **fields: Any) -> UUID:
    """A job in a slot, of a target of its own."""
    job_id = given.a_job(given.a_target(name, **fields))
    assert given.claim(job_id)
    return job_id


def completed(target_id: int, seconds: float) -> None:
    """A job of the target that took so long."""
    job_id = given.brought_to(JobStatus.COMPLETED, target_id)
    given.execute(
        "UPDATE scraping_jobs SET pages = 60, queued_at = now() - interval '1 day',"
        " started_at = now() - interval '1 day',"
        f" completed_at = now() - interval '1 day' + make_interval(secs => {seconds})"
        " WHERE id = :id",
        id=job_id,
    )


def test_a_job_that_failed_says_when_it_tries_again(job_id: UUID) -> None:
    assert given.claim(job_id)
    given.finish(job_id, given.BROKEN, retry_seconds=30)
    found = why(job_id)
    assert (found.kind, found.failures, found.until) == (
        Reason.RETRYING,
        1,
        given.job(job_id).run_after,
    )


def test_a_job_whose_time_has_not_come_says_when_it_does(job_id: UUID) -> None:
    given.execute("UPDATE scraping_jobs SET run_after = now() + interval '1 hour'")
    assert (why(job_id).kind, why(job_id).until) == (
        Reason.NOT_BEFORE,
        given.job(job_id).run_after,
    )


def test_where_no_worker_ever_lived_there_is_none(job_id: UUID) -> None:
    assert (why(job_id).kind, why(job_id).since) == (Reason.NO_WORKER, None)


def test_a_job_that_renders_waits_for_a_worker_that_has_a_browser(job_id: UUID) -> None:
    rendered = given.a_job(given.a_target("rendered", render=True))
    a_worker()
    a_sweep()
    assert (why(rendered).kind, why(rendered).since) == (Reason.NO_BROWSER, None)
    pending = [given.job(job_id), given.job(rendered)]
    assert given.do(waiting.reasons, pending) == {
        job_id: Reason.SOON, rendered: Reason.NO_BROWSER
    }  # fmt: skip
    a_worker("browser@here", slots=1, queue=Queue.BROWSER)
    assert why(rendered).kind is Reason.SOON
    age("workers", "seen_at", 600)
    assert why(rendered).kind is Reason.NO_BROWSER
    assert why(rendered).since


def test_a_tagged_job_waits_for_a_worker_of_its_tag_whoever_else_lives(job_id: UUID) -> None:
    tagged = given.a_job(given.a_target("tagged", worker_tag="eu"))
    a_worker()
    a_worker("browser@here", queue="browser.eu")
    a_sweep()
    found = why(tagged)
    assert (found.kind, found.since) == (Reason.NO_TAGGED, None)
    assert (found.queue, found.tag, found.retagged) == ("crawls.eu", "eu", False)
    pending = [given.job(job_id), given.job(tagged)]
    assert given.do(waiting.reasons, pending) == {job_id: Reason.SOON, tagged: Reason.NO_TAGGED}
    a_worker("eu@here", queue="crawls.eu")
    assert why(tagged).kind is Reason.SOON
    age("workers", "stopped_at", 0)
    assert why(tagged).since


def test_a_slot_for_one_tag_keeps_no_job_of_another_waiting(job_id: UUID) -> None:
    a_worker(slots=1)
    a_worker("eu@here", slots=1, queue="crawls.eu")
    a_sweep()
    running("busy")
    tagged = given.a_job(given.a_target("tagged", worker_tag="eu"))
    assert why(job_id).kind is Reason.SLOTS_BUSY
    assert why(tagged).kind is Reason.SOON


def test_a_job_whose_target_was_tagged_later_says_that_it_stays_where_it_is(job_id: UUID) -> None:
    given.execute("UPDATE scraping_targets SET worker_tag = 'eu'")
    found = why(job_id)
    assert (found.kind, found.tag, found.retagged) == (Reason.NO_WORKER, None, True)


def test_a_slot_of_one_queue_keeps_no_job_of_the_other_waiting(job_id: UUID) -> None:
    a_worker(slots=1)
    a_worker("browser@here", slots=1, queue=Queue.BROWSER)
    a_sweep()
    running("busy")
    rendered = given.a_job(given.a_target("rendered", render=True))
    assert (why(job_id).kind, why(job_id).slots) == (Reason.SLOTS_BUSY, 1)
    assert why(rendered).kind is Reason.SOON


def test_a_worker_that_serves_other_queues_does_not_crawl(job_id: UUID) -> None:
    a_worker(queue="control")
    assert (why(job_id).kind, why(job_id).since) == (Reason.NO_WORKER, None)


def test_a_worker_that_went_quiet_is_named_by_the_time_it_was_last_seen(job_id: UUID) -> None:
    a_worker()
    age("workers", "seen_at", 44)
    assert why(job_id).kind is Reason.SOON
    age("workers", "seen_at", 46)
    found = why(job_id)
    assert found.kind is Reason.NO_WORKER
    assert found.since is not None
    assert timedelta(seconds=46) <= datetime.now(UTC) - found.since < timedelta(seconds=60)


def test_a_worker_that_was_told_to_stop_counts_no_more(job_id: UUID) -> None:
    a_worker()
    age("workers", "stopped_at", 0)
    assert why(job_id).kind is Reason.NO_WORKER


def test_slow_sweeps_make_a_quiet_worker_no_dead_one(
    job_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUMO_SWEEP_SECONDS", "60")
    config.get.cache_clear()
    a_worker()
    age("workers", "seen_at", 170)
    assert why(job_id).kind is Reason.SOON


def test_when_all_slots_are_taken_it_says_by_which_jobs_and_how_many_come_first(
    job_id: UUID,
) -> None:
    a_worker(slots=2)
    first, second = running("first"), running("second")
    given.a_job(given.a_target("urgent", priority=0))
    given.a_job(given.a_target("later"))
    found = why(job_id)
    assert (found.kind, found.slots, found.ahead) == (Reason.SLOTS_BUSY, 2, 1)
    assert [(each.job_id, each.target_name) for each in found.running] == [
        (first, "first"),
        (second, "second"),
    ]
    assert found.likely_at is None


def test_a_crawl_that_takes_no_slot_of_a_living_worker_is_in_nobodys_way(job_id: UUID) -> None:
    a_worker("other@here", slots=1)
    running("recorded_by_hand")
    assert why(job_id).kind is Reason.SOON


def test_a_slot_is_likely_free_when_the_jobs_before_it_took_as_long_as_usual(
    job_id: UUID,
) -> None:
    a_worker(slots=2)
    for name, seconds in (("short", 100), ("long", 1_000)):
        target_id = given.a_target(name)
        completed(target_id, seconds)
        assert given.claim(given.a_job(target_id))
    urgent = given.a_target("urgent", priority=0)
    completed(urgent, 50)
    assert _seconds_left(why(job_id)) == pytest.approx(100, abs=5)
    given.a_job(urgent)
    assert _seconds_left(why(job_id)) == pytest.approx(150, abs=5)


def test_a_job_that_took_longer_than_ever_may_free_its_slot_at_any_moment(job_id: UUID) -> None:
    a_worker(slots=1)
    target_id = given.a_target("late")
    completed(target_id, 10)
    late = given.a_job(target_id)
    assert given.claim(late)
    given.execute(
        "UPDATE scraping_jobs SET started_at = now() - interval '20 s' WHERE id = :i", i=late
    )
    assert _seconds_left(why(job_id)) == pytest.approx(0, abs=5)


def test_a_bell_that_nobody_answers_though_slots_are_free_was_lost(job_id: UUID) -> None:
    a_worker()
    a_sweep()
    age("scraping_jobs", "run_after", 31)
    assert (why(job_id).kind, why(job_id).since) == (
        Reason.BELL_UNANSWERED,
        given.job(job_id).run_after,
    )


def test_where_nobody_sweeps_nobody_rings_again(job_id: UUID) -> None:
    a_worker()
    a_sweep()
    age("ticks", "at", 130)
    assert why(job_id).kind is Reason.SOON
    age("scraping_jobs", "run_after", 31)
    found = why(job_id)
    assert found.kind is Reason.SWEEP_AWAY
    assert found.since is not None


def test_a_job_outside_its_window_says_when_that_opens(database: str) -> None:
    window = given.a_closed_window()
    found = why(given.a_job(given.a_target(crawl_window=window, timezone="UTC")))
    assert found.kind is Reason.WINDOW_CLOSED
    assert (str(found.window), found.window and found.window.zone.key) == (window, "UTC")
    assert found.until
    assert found.until > datetime.now(UTC)


def test_a_scheduled_job_says_that_its_start_is_spread(database: str) -> None:
    target_id = given.a_target(schedule="0 */2 * * *", spread_seconds=86_400)
    occasion = given.do(ticks.now).replace(minute=0, second=0, microsecond=0)
    occasion += timedelta(hours=2 + occasion.hour % 2)
    job_id = given.a_job(target_id, due_at=occasion)
    found = why(job_id)
    assert (found.kind, found.due_at) == (Reason.SPREAD, occasion)
    assert found.spread == timedelta(hours=2)
    assert given.do(waiting.reasons, [given.job(job_id)]) == {job_id: Reason.SPREAD}


def test_the_reasons_of_many_are_those_of_each(job_id: UUID) -> None:
    other = given.a_job(given.a_target("other"))
    given.execute(
        "UPDATE scraping_jobs SET run_after = now() + interval '1 h' WHERE id = :i", i=other
    )
    shut = given.a_job(given.a_target("shut", crawl_window=given.a_closed_window()))
    jobs = [given.job(each) for each in (job_id, other, shut)]
    assert given.do(waiting.reasons, jobs) == {
        job_id: Reason.NO_WORKER,
        other: Reason.NOT_BEFORE,
        shut: Reason.WINDOW_CLOSED,
    }


def _seconds_left(found: Waiting) -> float:
    assert found.likely_at is not None
    return (found.likely_at - datetime.now(UTC)).total_seconds()
