"""Several crawls of one job: who joins, what each one's end does to the job, and exact counts."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from orchestrator.exceptions import LeaseLost
from orchestrator.ledger import (
    crawls,
    endings,
    jobs,
    leases,
    logs,
    sharing,
    tallies,
)
from orchestrator.ledger.checkpoints import Batch, CheckpointWriter, LogLine
from orchestrator.ledger.claims import Claim
from orchestrator.ledger.ends import End, Ending
from orchestrator.ledger.items import StorableItem, storable
from orchestrator.ledger.models import JobStatus, Queue
from orchestrator.ledger.troubled_pages import TroubledPage
from tests.orchestrator.ledger import given

LIMIT = End(Ending.COMPLETED, "closespider_itemcount")
AWAY = End(Ending.HANDED_BACK, "site_pause", "It asked for a pause.", wait_seconds=600)
ALONE = End(Ending.HANDED_BACK, sharing.ALONE)
AT = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture
def job_id(target_id: int) -> UUID:
    """A job that three crawls may serve."""
    return given.a_shared_job(target_id, 3)


@pytest.fixture
def writers() -> Iterator[Callable[[Claim], CheckpointWriter]]:
    with ExitStack() as stack:

        def opened(claim: Claim) -> CheckpointWriter:
            writer = CheckpointWriter(claim, lease_seconds=60)
            stack.callback(writer.close)
            return writer

        yield opened


def _claimed(job_id: UUID, count: int) -> list[Claim]:
    claims = [given.claim(job_id) for _ in range(count)]
    assert all(claims)
    return [claim for claim in claims if claim]


def _numbers(job_id: UUID, count: int) -> list[int | None]:
    return [claim and claim.number for claim in (given.claim(job_id) for _ in range(count))]


def _wanting(seconds: float = 0) -> list[tuple[UUID, int]]:
    found = given.do(sharing.wanting, ring_again_seconds=seconds, most=10)
    return [(each.job_id, each.missing) for each in found]


def _stands(job_id: UUID) -> tuple[str, str | None]:
    job = given.job(job_id)
    return job.status, job.finish_reason


def _items(*keys: str) -> list[StorableItem]:
    items = [storable({"key": key}, ["key"]) for key in keys]
    return [item for item in items if isinstance(item, StorableItem)]


# Who joins


def test_as_many_join_as_the_job_asks_for(job_id: UUID) -> None:
    assert _numbers(job_id, 4) == [0, 1, 2, None]
    assert [crawl.attempt for crawl in given.do(crawls.of_job, job_id)] == [1, 1, 1]


def test_those_who_come_at_once_get_numbers_of_their_own(job_id: UUID) -> None:
    given.claim(job_id)
    claims = given.at_once(5, lambda _: given.claim(job_id))
    assert sorted(claim.number for claim in claims if claim) == [1, 2]


def test_a_number_is_never_used_twice(job_id: UUID) -> None:
    _claimed(job_id, 3)
    given.finish(job_id, given.HANDED_BACK, number=1)
    assert _numbers(job_id, 2) == [3, None]


def test_nobody_joins_a_job_that_asks_for_one_crawler(target_id: int) -> None:
    assert _numbers(given.a_job(target_id), 2) == [0, None]


@pytest.mark.parametrize("verb", [jobs.pause, jobs.cancel])
def test_nobody_joins_a_job_that_is_to_stop(job_id: UUID, verb: Any) -> None:
    given.claim(job_id)
    given.do(verb, job_id)
    assert given.claim(job_id) is None
    assert _wanting() == []


@pytest.mark.parametrize("end", [given.COMPLETED, LIMIT])
def test_nobody_joins_a_job_that_one_of_its_crawls_has_completed(job_id: UUID, end: End) -> None:
    _claimed(job_id, 2)
    given.finish(job_id, end, number=1)
    assert given.claim(job_id) is None
    assert _wanting() == []


def test_nobody_joins_a_job_outside_its_window(target_id: int) -> None:
    job_id = given.a_shared_job(target_id, 2)
    given.claim(job_id)
    given.execute(
        "UPDATE scraping_jobs SET definition = definition"
        " || jsonb_build_object('crawl_window', :window, 'timezone', 'UTC')",
        window=given.a_closed_window(),
    )
    assert given.claim(job_id) is None
    assert _wanting() == []


def test_nobody_joins_in_a_queue_that_is_not_the_jobs(job_id: UUID) -> None:
    given.claim(job_id)
    joined = given.do(jobs.claim, job_id, worker="w@here", lease_seconds=60, queues=[Queue.BROWSER])
    assert joined is None


def test_nobody_joins_what_a_version_began_that_knew_one_crawl_a_job(job_id: UUID) -> None:
    given.execute("UPDATE scraping_jobs SET status = 'running', attempt = 1")
    given.execute(
        "INSERT INTO crawls (job_id, attempt, worker, lease_until)"
        " VALUES (:id, 1, 'old@here', now() + interval '1 minute')",
        id=job_id,
    )
    assert given.claim(job_id) is None
    assert _wanting() == []


# Bells for those who are missing


def test_a_job_wants_as_many_as_it_lacks_once_its_bells_were_not_answered(job_id: UUID) -> None:
    given.claim(job_id)
    assert _wanting(seconds=60) == []
    assert _wanting() == [(job_id, 2)]
    assert _wanting(seconds=60) == []
    given.claim(job_id)
    assert _wanting() == [(job_id, 1)]
    given.claim(job_id)
    assert _wanting() == []


@pytest.mark.parametrize("end", [given.HANDED_BACK, given.DIED])
def test_a_bell_is_rung_for_who_takes_the_place_of_one_that_left(job_id: UUID, end: End) -> None:
    _claimed(job_id, 3)
    given.execute("UPDATE crawls SET pages = 1")
    left = given.finish(job_id, end, number=1)
    assert left
    assert left.ring
    assert left.status is JobStatus.RUNNING
    assert left.left
    assert (left.left.attempt, left.left.number) == (1, 1)
    assert given.claim(job_id)


@pytest.mark.parametrize("end", [given.BROKEN, given.DIED])
def test_a_crawl_that_ended_badly_without_a_page_takes_its_place_with_it(
    job_id: UUID, end: End
) -> None:
    _claimed(job_id, 3)
    left = given.finish(job_id, end, number=1)
    assert left
    assert not left.ring
    assert given.job(job_id).failures == 0
    assert given.claim(job_id) is None
    given.finish(job_id, given.HANDED_BACK, number=2)
    assert given.claim(job_id)


def test_crawls_that_all_end_badly_without_a_page_charge_their_attempt_once(job_id: UUID) -> None:
    _claimed(job_id, 3)
    for number in (2, 0, 1):
        given.finish(job_id, given.BROKEN, number=number)
    job = given.job(job_id)
    assert (job.status, job.failures, job.finish_reason) == ("pending", 1, "site_unreachable")
    given.made_due(job_id)
    assert _numbers(job_id, 4) == [0, 1, 2, None]


def test_pages_of_any_crawl_are_progress_of_the_attempt(job_id: UUID) -> None:
    _claimed(job_id, 2)
    given.execute("UPDATE crawls SET pages = 1 WHERE number = 1")
    given.finish(job_id, given.HANDED_BACK, number=1)
    given.finish(job_id, given.BROKEN)
    assert given.job(job_id).failures == 0


def test_nobody_takes_a_place_while_the_site_has_asked_for_a_pause(job_id: UUID) -> None:
    _claimed(job_id, 2)
    left = given.finish(job_id, AWAY, number=1)
    assert left
    assert not left.ring
    assert given.claim(job_id) is None
    assert _wanting() == []


def test_a_spider_that_keeps_state_has_no_further_crawl(job_id: UUID) -> None:
    _claimed(job_id, 2)
    left = given.finish(job_id, ALONE, number=1)
    assert left
    assert not left.ring
    assert given.claim(job_id) is None
    assert _wanting() == []


# The end


def test_the_last_to_prove_it_completes_the_job(job_id: UUID) -> None:
    _claimed(job_id, 3)
    for number in (1, 0):
        ended = given.finish(job_id, given.COMPLETED, number=number)
        assert ended
        assert ended.status is JobStatus.RUNNING
        assert not ended.ring
    given.finish(job_id, given.COMPLETED, number=2)
    assert _stands(job_id) == ("completed", "finished")


@pytest.mark.parametrize("end", [given.DIED, given.BROKEN, given.HANDED_BACK])
def test_what_one_has_proven_stays_so_when_the_last_one_dies(job_id: UUID, end: End) -> None:
    _claimed(job_id, 2)
    given.finish(job_id, given.COMPLETED, number=1)
    given.finish(job_id, end)
    job = given.job(job_id)
    assert (job.status, job.finish_reason, job.error_message) == ("completed", "finished", None)


def test_a_limit_that_one_met_closes_the_others_and_completes_the_job(
    job_id: UUID, writers: Callable[[Claim], CheckpointWriter]
) -> None:
    first, second = map(writers, _claimed(job_id, 2))
    assert first.commit(Batch()).closing is None
    given.finish(job_id, LIMIT, number=1)
    assert first.commit(Batch()).closing == "closespider_itemcount"
    with pytest.raises(LeaseLost):
        second.commit(Batch())
    given.finish(job_id, given.DIED)
    assert _stands(job_id) == ("completed", "closespider_itemcount")
    assert given.job(job_id).closing is None


def test_an_end_that_none_can_better_is_the_jobs_and_fences_the_others(
    job_id: UUID, writers: Callable[[Claim], CheckpointWriter]
) -> None:
    first, *_ = map(writers, _claimed(job_id, 3))
    given.finish(job_id, given.IMPOSSIBLE, number=2)
    assert _stands(job_id) == ("failed", "no_spider")
    with pytest.raises(LeaseLost):
        first.commit(Batch(pages=1))
    assert given.finish(job_id, given.COMPLETED) is None
    assert given.count("crawls", "ended_at IS NULL") == 0


@pytest.mark.parametrize(
    ("verb", "status"), [(jobs.pause, JobStatus.PAUSED), (jobs.cancel, JobStatus.CANCELLED)]
)
def test_the_last_one_stops_the_job_as_a_person_asked(
    job_id: UUID, verb: Any, status: JobStatus
) -> None:
    _claimed(job_id, 2)
    given.do(verb, job_id)
    left = given.finish(job_id, given.HANDED_BACK)
    assert left
    assert (left.status, left.ring) == (JobStatus.RUNNING, False)
    given.finish(job_id, given.HANDED_BACK, number=1)
    assert given.job(job_id).status is status


def test_of_two_that_end_at_once_exactly_one_moves_the_job(job_id: UUID) -> None:
    _claimed(job_id, 2)

    def finish(number: int) -> Callable[[Any], Any]:
        return lambda session: endings.finish(
            session, job_id, 1, given.COMPLETED, retry_seconds=0, number=number
        )

    first, second = given.overtaken(finish(0), finish(1))
    assert first
    assert first.status is JobStatus.RUNNING
    assert isinstance(second, jobs.Ended)
    assert second.status is JobStatus.COMPLETED


def test_a_crawl_that_was_given_up_ends_nothing_more(job_id: UUID) -> None:
    _claimed(job_id, 2)
    given.finish(job_id, given.DIED, number=1)
    assert given.finish(job_id, given.COMPLETED, number=1) is None
    assert [crawl.outcome for crawl in given.do(crawls.of_job, job_id)] == [None, "signal_9"]


def test_a_lease_that_runs_out_is_of_one_crawl_alone(job_id: UUID) -> None:
    first, _ = _claimed(job_id, 2)
    given.execute("UPDATE crawls SET lease_until = now() - interval '1 s' WHERE number = 1")
    (row,) = given.do(crawls.expired, most=10)
    assert (row.job_id, row.attempt, row.number) == (job_id, 1, 1)
    leases.renew(first, lease_seconds=60)
    given.do(crawls.record_pid, job_id, 1, pid=77, number=1)
    assert [crawl.pid for crawl in given.do(crawls.of_job, job_id)] == [None, 77]


def test_a_page_is_charged_by_whoever_died_of_it_and_told_to_the_others_at_last(
    job_id: UUID,
) -> None:
    _claimed(job_id, 2)
    page = TroubledPage(b"poison", "http://shop.test/poison", "killed by signal 11")
    end = End(Ending.DIED, "signal_11", "It was killed.", page=page)
    left_out = []
    for number in (1, 2, 3):
        left = given.finish(job_id, end, number=number)
        assert left
        assert left.ring
        assert left.left
        left_out.append(left.left.left_out)
        given.claim(job_id)
    assert left_out == [(), (), (b"poison".hex(),)]
    assert given.job(job_id).pages_given_up == 1
    claim = given.do(crawls.of_job, job_id)[-1]
    assert claim.number == 4


def test_a_crawl_that_joins_knows_which_pages_were_given_up(job_id: UUID) -> None:
    given.claim(job_id)
    given.execute(
        "INSERT INTO charged_pages (job_id, request_id, url, charges, reason, given_up_at)"
        " VALUES (:id, 'poison'::bytea, 'http://shop.test/', 3, 'died', now())",
        id=job_id,
    )
    claim = given.claim(job_id)
    assert claim
    assert claim.left_out == (b"poison".hex(),)


# What they write


def test_the_same_items_of_two_crawls_are_counted_once_and_lock_nobody_out(
    job_id: UUID, writers: Callable[[Claim], CheckpointWriter]
) -> None:
    opened = [writers(claim) for claim in _claimed(job_id, 3)]
    keys = [f"item-{number:03}" for number in range(200)]

    def commit(which: int) -> None:
        for turn in range(10):
            some = keys[turn * 10 : turn * 10 + 110]
            # Each in an order of its own, which is what locks out.
            opened[which].commit(Batch(items=_items(*(some if which else some[::-1])), pages=1))

    given.at_once(3, commit)
    job = given.job(job_id)
    assert (job.items_scraped, job.items_new, job.items_changed) == (200, 200, 0)
    assert job.pages == 30
    assert given.count("scraped_items") == 200
    assert [crawl.pages for crawl in given.do(crawls.of_job, job_id)] == [10, 10, 10]


def test_lines_of_several_crawls_follow_each_other(
    job_id: UUID, writers: Callable[[Claim], CheckpointWriter]
) -> None:
    first, second = map(writers, _claimed(job_id, 2))

    def lines(*messages: str) -> Batch:
        return Batch(
            lines=[LogLine(at, 20, AT, "spider", said) for at, said in enumerate(messages, 1)]
        )

    first.commit(lines("a", "b"))
    assert second.commit(lines("c", "d")).lines == 2
    assert first.commit(lines("e")).lines == 4
    given.finish(job_id, given.DIED, number=1)
    said = [line.message for line in given.do(logs.last, job_id)]
    assert said[:5] == ["a", "b", "c", "d", "e"]
    assert "Crawl 1 has ended, the others go on. The crawler was killed by signal 9" in said[5]


def test_each_crawl_hears_what_the_job_has_come_to(
    job_id: UUID, writers: Callable[[Claim], CheckpointWriter]
) -> None:
    first, second = map(writers, _claimed(job_id, 2))
    first.commit(Batch(items=_items("a", "b"), pages=2))
    told = second.commit(Batch(items=_items("b", "c"), pages=1))
    assert (told.pages, told.items) == (3, 3)


def test_statistics_and_tallies_of_the_crawls_add_up(
    job_id: UUID, writers: Callable[[Claim], CheckpointWriter]
) -> None:
    for claim in _claimed(job_id, 3):
        writers(claim).commit(Batch(tally={"trips": 2}))
    for number, count in enumerate((3, 4)):
        stats = {"response_received_count": count, "start_time": f"2026-11-26 0{count}"}
        end = End(Ending.COMPLETED, "finished", stats=stats | {"memusage/max": count})
        given.finish(job_id, end, number=number)
    given.finish(job_id, given.DIED, number=2)
    assert given.job(job_id).stats == {
        "response_received_count": 7,
        "start_time": "2026-11-26 03",
        "memusage/max": 4,
    }
    assert given.do(tallies.totals)["trips"] == 6


def test_a_job_has_the_statistics_of_its_last_attempt_alone(job_id: UUID) -> None:
    counted = {"response_received_count": 5}
    for attempt in (1, 2):
        _claimed(job_id, 2)
        for number in (0, 1):
            end = End(Ending.HANDED_BACK, "stopped", stats=counted)
            given.finish(job_id, end, attempt=attempt, number=number)
    assert given.job(job_id).stats == {"response_received_count": 10}


def test_a_job_of_no_crawl_wants_none(target_id: int) -> None:
    given.a_shared_job(target_id, 3)
    assert _wanting() == []
    assert given.do(sharing.join, uuid.uuid4(), worker="w", lease_seconds=1, queues=[]) is None
