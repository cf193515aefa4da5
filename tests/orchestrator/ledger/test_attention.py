"""What needs a person: each kind has a state that brings it up, and one that does not."""

from uuid import UUID

import pytest

from orchestrator.ledger import attention, ticks, vitals, workers
from orchestrator.ledger.attention import Concern, Kind
from orchestrator.ledger.models import JobStatus
from orchestrator.ledger.waiting import Reason
from orchestrator.ledger.workers import Seen
from tests.orchestrator.ledger import given


@pytest.fixture(autouse=True)
def _house(database: str) -> None:
    """Everything that keeps things going is alive."""
    given.do(workers.begin, Seen("crawls@one", 7, ["crawls"], 2, memory_bytes=0))
    for name in (ticks.SWEEP, ticks.BEAT):
        given.do(ticks.tick, name)


def concerns() -> list[Concern]:
    return given.do(lambda session: attention.concerns(session, vitals.read(session)))


def kinds() -> list[Kind]:
    return [concern.kind for concern in concerns()]


def completed(target_id: int, *, items: int, **counts: int) -> UUID:
    job_id = given.brought_to(JobStatus.COMPLETED, target_id)
    for name, count in (counts | {"items_scraped": items}).items():
        given.execute(f"UPDATE scraping_jobs SET {name} = :c WHERE id = :i", c=count, i=job_id)
    return job_id


def make_old(table: str, column: str, seconds: float, where: str = "true") -> None:
    interval = f"make_interval(secs => {seconds})"
    given.execute(f"UPDATE {table} SET {column} = now() - {interval} WHERE {where}")


def test_where_all_is_well_nobody_is_needed(target_id: int) -> None:
    completed(target_id, items=60)
    given.a_job(given.a_target("waits"))
    assert concerns() == []


def test_a_target_whose_last_job_failed(target_id: int) -> None:
    completed(target_id, items=60)
    failed = given.brought_to(JobStatus.FAILED, target_id)
    (concern,) = concerns()
    assert (concern.kind, concern.job_id, concern.name) == (Kind.FAILED, failed, "shop")
    assert concern.message.startswith("There is no spider")
    given.a_job(target_id)
    assert concerns() == []


def test_a_skipped_job_hides_no_failure(target_id: int) -> None:
    given.brought_to(JobStatus.FAILED, target_id)
    skipped = given.brought_to(JobStatus.CANCELLED, target_id)
    given.execute("UPDATE scraping_jobs SET status = 'skipped' WHERE id = :id", id=skipped)
    assert kinds() == [Kind.FAILED]


def test_a_target_that_was_switched_off_after_its_failure_counts_for_a_day(target_id: int) -> None:
    given.brought_to(JobStatus.FAILED, target_id)
    given.execute("UPDATE scraping_targets SET active = false")
    assert kinds() == [Kind.FAILED]
    make_old("scraping_jobs", "queued_at", 86_401)
    assert kinds() == []


def test_a_deleted_target_needs_nobody(target_id: int) -> None:
    given.brought_to(JobStatus.FAILED, target_id)
    given.execute("UPDATE scraping_targets SET deleted_at = now()")
    assert kinds() == []


def test_a_job_that_found_nothing_where_the_one_before_did(target_id: int) -> None:
    completed(target_id, items=0)
    assert kinds() == []
    completed(target_id, items=60)
    completed(target_id, items=0)
    (concern,) = concerns()
    assert (concern.kind, concern.usual) == (Kind.NO_ITEMS, 30)


def test_a_job_that_found_less_than_half_of_what_is_usual(target_id: int) -> None:
    for items in (100, 100):
        completed(target_id, items=items)
    few = completed(target_id, items=49)
    assert kinds() == [], "two jobs are no habit"
    given.execute("UPDATE scraping_jobs SET items_scraped = 100 WHERE id = :id", id=few)
    few = completed(target_id, items=49)
    (concern,) = concerns()
    assert (concern.kind, concern.count, concern.usual) == (Kind.FEWER_ITEMS, 49, 100)
    given.execute("UPDATE scraping_jobs SET items_scraped = 50 WHERE id = :id", id=few)
    assert kinds() == []


def test_only_the_ten_jobs_before_tell_what_is_usual(target_id: int) -> None:
    for items in [1_000] * 11 + [40] * 10 + [30]:
        completed(target_id, items=items)
    assert kinds() == []


def test_a_job_that_gave_up_pages(target_id: int) -> None:
    completed(target_id, items=60, pages_given_up=2)
    (concern,) = concerns()
    assert (concern.kind, concern.count) == (Kind.PAGES_GIVEN_UP, 2)


def test_a_job_that_could_not_store_some_items(target_id: int) -> None:
    completed(target_id, items=60, items_rejected=3)
    (concern,) = concerns()
    assert (concern.kind, concern.count) == (Kind.ITEMS_REJECTED, 3)


@pytest.mark.parametrize(
    ("verdict", "kind"), [("suspicious", Kind.SUSPICIOUS), ("bad", Kind.BAD), ("good", None)]
)
def test_a_job_that_is_doubted_until_somebody_has_decided(
    target_id: int, verdict: str, kind: Kind | None
) -> None:
    job_id = completed(target_id, items=60)
    given.execute("UPDATE scraping_jobs SET verdict = :v WHERE id = :i", v=verdict, i=job_id)
    assert kinds() == ([kind] if kind else [])
    given.execute("UPDATE scraping_jobs SET publication = 'accepted' WHERE id = :i", i=job_id)
    assert kinds() == []


def test_a_target_whose_occasion_passed_without_a_job(target_id: int) -> None:
    make_old("scraping_targets", "next_run_at", 290)
    assert kinds() == []
    make_old("scraping_targets", "next_run_at", 310)
    (concern,) = concerns()
    assert (concern.kind, concern.target_id) == (Kind.LATE, target_id)
    job_id = given.a_job(target_id)
    assert kinds() == [], "a job is there"
    given.execute("DELETE FROM scraping_jobs WHERE id = :id", id=job_id)
    given.execute("UPDATE scraping_targets SET active = false")
    assert kinds() == [], "nobody expects it"


def test_a_job_that_could_have_started_long_ago_says_why_it_has_not(target_id: int) -> None:
    job_id = given.a_job(target_id)
    make_old("scraping_jobs", "run_after", 14 * 60)
    assert kinds() == []
    make_old("scraping_jobs", "run_after", 16 * 60)
    (concern,) = concerns()
    assert (concern.kind, concern.job_id) == (Kind.WAITING, job_id)
    assert concern.reason is Reason.BELL_UNANSWERED


def test_a_house_without_a_worker_that_crawls(target_id: int) -> None:
    given.execute("UPDATE workers SET queues = '{control}'")
    assert kinds() == [Kind.NO_WORKER]


def test_jobs_in_a_queue_that_nobody_serves_are_told_by_queue(target_id: int) -> None:
    for number in range(2):
        given.a_job(given.a_target(f"tagged-{number}", worker_tag="eu"))
    given.a_job(target_id)
    (concern,) = concerns()
    assert (concern.kind, concern.name, concern.count) == (Kind.UNSERVED, "crawls.eu", 2)
    given.execute("UPDATE workers SET queues = '{crawls.eu}'")
    (concern,) = concerns()
    assert (concern.kind, concern.name, concern.count) == (Kind.UNSERVED, "crawls", 1)


def test_a_house_without_any_worker_is_told_once(target_id: int) -> None:
    make_old("workers", "seen_at", 60)
    make_old("ticks", "at", 60)
    assert kinds() == [Kind.NO_WORKER]


def test_a_worker_that_went_quiet_is_news_for_a_day(target_id: int) -> None:
    given.do(workers.begin, Seen("crawls@two", 7, ["crawls"], 2, memory_bytes=0))
    make_old("workers", "seen_at", 60, "name = 'crawls@two'")
    (concern,) = concerns()
    assert (concern.kind, concern.name) == (Kind.QUIET_WORKER, "crawls@two")
    make_old("workers", "seen_at", 86_401, "name = 'crawls@two'")
    assert kinds() == []
    make_old("workers", "seen_at", 60, "name = 'crawls@two'")
    make_old("workers", "stopped_at", 60, "name = 'crawls@two'")
    assert kinds() == [], "it was told to stop"


@pytest.mark.parametrize(("name", "kind"), [("sweep", Kind.NO_SWEEP), ("beat", Kind.NO_BEAT)])
def test_a_clock_that_stands_still(target_id: int, name: str, kind: Kind) -> None:
    make_old("ticks", "at", 46, f"name = '{name}'")
    assert kinds() == [kind]
    given.execute("DELETE FROM ticks WHERE name = :name", name=name)
    assert kinds() == [kind]


def test_what_is_worst_comes_first(target_id: int) -> None:
    completed(target_id, items=60, items_rejected=3)
    given.brought_to(JobStatus.FAILED, given.a_target("failing"))
    given.execute("DELETE FROM workers")
    assert kinds() == [Kind.NO_WORKER, Kind.FAILED, Kind.ITEMS_REJECTED]
