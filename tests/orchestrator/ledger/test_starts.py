"""Jobs that may not begin at once: spread starts, and windows by the database's clock."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from orchestrator import config
from orchestrator.ledger import jobs, spreads, ticks
from orchestrator.ledger.ends import End, Ending
from orchestrator.ledger.models import JobStatus, ScrapingJob
from tests.orchestrator.ledger import given
from tests.orchestrator.ledger.given import a_closed_window, an_open_window

WINDOW_CLOSED = End(Ending.HANDED_BACK, "window_closed", "Its window closed.")


@pytest.fixture
def shut_id(database: str) -> int:
    """A target whose window is closed."""
    return given.a_target("shut", crawl_window=a_closed_window())


def soon() -> datetime:
    """The next full hour but one: an occasion that has not come yet."""
    now = given.do(ticks.now)
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)


def reopen(job_id: UUID) -> None:
    """Hours later: its time has come, and its window is open."""
    given.execute(
        "UPDATE scraping_jobs SET run_after = now(),"
        " definition = definition || jsonb_build_object('crawl_window', cast(:window AS text))"
        " WHERE id = :id",
        id=job_id,
        window=an_open_window(),
    )


def waits_for_its_window(job: ScrapingJob) -> bool:
    left = job.run_after - given.do(ticks.now)
    return job.rung_at is None and timedelta(hours=1) < left <= timedelta(hours=2)


# Spread


def test_a_scheduled_start_is_spread_and_its_occasion_stays(database: str) -> None:
    target_id, occasion = given.a_target(spread_seconds=600), soon()
    answer = given.answer(target_id, due_at=occasion)
    job = given.job(answer.job_id)
    assert job.due_at == occasion
    assert job.run_after == occasion + spreads.wait(target_id, occasion, within=600)
    assert answer.starts_at == job.run_after
    assert job.rung_at is None
    assert job.definition["spread_seconds"] == 600


def test_a_target_that_says_nothing_has_the_spread_of_the_installation(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUMO_START_SPREAD_SECONDS", "300")
    config.get.cache_clear()
    nightly = given.job(given.a_job(given.a_target("nightly"), due_at=soon()))
    often = given.job(given.a_job(given.a_target("often", schedule="*/5 * * * *"), due_at=soon()))
    assert nightly.definition["spread_seconds"] == 300
    assert often.definition["spread_seconds"] == 30


def test_an_occasion_long_gone_is_not_waited_for(database: str) -> None:
    target_id = given.a_target(spread_seconds=600)
    answer = given.answer(target_id, due_at=soon() - timedelta(days=1))
    assert answer.starts_at is None
    assert given.claim(answer.job_id)


def test_what_a_person_asks_for_is_not_spread(database: str) -> None:
    answer = given.answer(given.a_target(spread_seconds=86_400))
    assert answer.starts_at is None
    assert given.claim(answer.job_id)


# Windows


def test_a_request_outside_the_window_waits_for_the_opening(shut_id: int) -> None:
    answer = given.answer(shut_id)
    assert waits_for_its_window(given.job(answer.job_id))
    assert answer.starts_at == given.job(answer.job_id).run_after
    assert given.claim(answer.job_id) is None


def test_a_scheduled_start_outside_the_window_is_spread_from_the_opening(database: str) -> None:
    window = a_closed_window()
    target_id = given.a_target(crawl_window=window, spread_seconds=600)
    occasion = given.do(ticks.now)
    job = given.job(given.a_job(target_id, due_at=occasion))
    plain = given.job(given.a_job(given.a_target("plain", crawl_window=window)))
    assert job.run_after - plain.run_after == spreads.wait(target_id, occasion, within=600)


def test_a_bell_that_rings_outside_the_window_starts_nothing(shut_id: int) -> None:
    job_id = given.a_job(shut_id)
    given.execute("UPDATE scraping_jobs SET run_after = now()")
    assert given.claim(job_id) is None
    assert waits_for_its_window(given.job(job_id))
    assert given.job(job_id).attempt == 0


def test_a_claim_knows_how_long_its_window_is_open(database: str) -> None:
    job_id = given.a_job(given.a_target(crawl_window=an_open_window()))
    claim = given.claim(job_id)
    assert claim
    assert claim.open_seconds is not None
    assert 59 * 60 <= claim.open_seconds <= 60 * 60
    free = given.claim(given.a_job(given.a_target("free")))
    assert free
    assert free.open_seconds is None


def test_a_crawl_that_its_window_ended_goes_on_at_the_opening_uncharged(shut_id: int) -> None:
    job_id = given.a_job(shut_id)
    reopen(job_id)
    assert given.claim(job_id)
    given.execute(
        "UPDATE scraping_jobs SET definition ="
        " definition || jsonb_build_object('crawl_window', cast(:window AS text))",
        window=a_closed_window(),
    )
    ended = given.finish(job_id, WINDOW_CLOSED)
    assert ended
    assert not ended.ring
    job = given.job(job_id)
    assert (job.status, job.failures, job.finish_reason) == ("pending", 0, "window_closed")
    assert waits_for_its_window(job)
    reopen(job_id)
    assert given.claim(job_id)


def test_a_paused_job_that_goes_on_does_so_in_its_window(shut_id: int) -> None:
    job_id = given.a_job(shut_id)
    given.do(jobs.pause, job_id)
    assert not given.do(jobs.resume, job_id).ring
    assert waits_for_its_window(given.job(job_id))


def test_what_is_wanted_now_minds_no_window(shut_id: int) -> None:
    claim = given.claim(given.a_job(shut_id, at_any_time=True))
    assert claim
    assert claim.open_seconds is None


def test_a_job_that_waits_for_its_window_can_be_hastened(shut_id: int) -> None:
    job_id = given.a_job(shut_id)
    hastened = given.do(jobs.hasten, job_id)
    assert hastened
    assert hastened.ring
    assert given.claim(job_id)


def test_a_crawl_that_a_person_watches_minds_no_window(shut_id: int) -> None:
    assert given.claim(given.a_job(shut_id, one_attempt=True))


def test_a_job_keeps_the_window_it_was_requested_with(database: str) -> None:
    target_id = given.a_target(crawl_window=an_open_window(), timezone="UTC")
    job_id = given.a_job(target_id)
    given.execute("UPDATE scraping_targets SET crawl_window = :window", window=a_closed_window())
    assert given.claim(job_id)


def test_five_hundred_occasions_are_put_off_at_once(database: str) -> None:
    ids = [given.a_target(f"shop-{n}", spread_seconds=600) for n in range(500)]
    occasion = soon()
    answers = given.do(given.requested_together, ids, due_at=occasion)
    starts = {answer.starts_at for answer in answers}
    assert len(answers) == 500
    assert len(starts) > 250
    assert given.count("scraping_jobs", "status = :s", s=JobStatus.PENDING) == 500
