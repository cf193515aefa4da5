"""The checkpoint on a real Postgres: exact counts, once, and only for who holds the lease."""

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import psycopg2
import pytest

from orchestrator import database as storage
from orchestrator.exceptions import DatabaseAway, LeaseLost
from orchestrator.ledger import jobs
from orchestrator.ledger.checkpoints import Batch, CheckpointWriter, LogLine, count_lines
from orchestrator.ledger.claims import Claim
from orchestrator.ledger.items import Rejection, StorableItem, storable
from tests import awaiting
from tests.orchestrator.ledger import given

AT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def claim(target_id: int) -> Claim:
    return _claimed(target_id)


@pytest.fixture
def writer(claim: Claim) -> Iterator[CheckpointWriter]:
    writer = CheckpointWriter(claim, lease_seconds=60)
    yield writer
    writer.close()


def _claimed(target_id: int) -> Claim:
    claim = given.claim(given.a_job(target_id))
    assert claim is not None
    return claim


def _item(key: str, price: int = 1) -> StorableItem:
    item = storable({"key": key, "price": price}, ["key"])
    assert isinstance(item, StorableItem)
    return item


def _item_of(**fields: Any) -> StorableItem:
    item = storable({"key": "a"} | fields, ["key"])
    assert isinstance(item, StorableItem)
    return item


def _items(*keys: str, price: int = 1) -> Batch:
    return Batch(items=[_item(key, price) for key in keys])


def _line(seq: int, message: str = "said") -> LogLine:
    return LogLine(seq, 20, AT, "a_logger", message)


def _refused(reason: str) -> Rejection:
    return Rejection(reason, "an excerpt", blake2b(reason.encode(), digest_size=16).digest())


def _counts(claim: Claim) -> dict[str, int]:
    job = given.job(UUID(claim.job_id))
    names = ("items_scraped", "items_new", "items_changed", "items_rejected", "pages", "errors")
    return {name: count for name in names if (count := getattr(job, name))}


def _finished(claim: Claim) -> None:
    given.finish(UUID(claim.job_id), given.COMPLETED, attempt=claim.attempt)


def _next_job(claim: Claim) -> tuple[Claim, CheckpointWriter]:
    _finished(claim)
    following = _claimed(claim.target_id)
    return following, CheckpointWriter(following, lease_seconds=60)


def test_the_counts_are_the_rows(claim: Claim, writer: CheckpointWriter) -> None:
    writer.commit(_items("a", "b"))
    writer.commit(_items("b", "c"))
    assert _counts(claim) == {"items_scraped": 3, "items_new": 3}
    assert given.count("scraped_items", "last_job_id = :job", job=claim.job_id) == 3


def test_a_writer_that_was_forgotten_hands_nobody_its_connection(claim: Claim) -> None:
    CheckpointWriter(claim, lease_seconds=60).commit(_items("a"))
    gc.collect()
    with storage.engine().connect() as connection:
        assert not connection.connection.driver_connection.autocommit


def test_an_empty_checkpoint_renews_the_lease(claim: Claim, writer: CheckpointWriter) -> None:
    given.execute("UPDATE crawls SET lease_until = now() - interval '1 s'")
    writer.commit(Batch())
    assert given.count("crawls", "lease_until > now() + interval '50 s' AND checkpoint = 1") == 1


def test_counts_and_log_lines_are_kept(claim: Claim, writer: CheckpointWriter) -> None:
    batch = Batch(lines=[_line(1), _line(2, "蜘蛛")], pages=3, errors=1, bytes_received=1_000)
    writer.commit(batch)
    writer.commit(Batch(pages=2, bytes_received=24))
    assert _counts(claim) == {"pages": 5, "errors": 1}
    assert given.job(UUID(claim.job_id)).bytes_received == 1_024
    assert given.execute("SELECT pages FROM crawls") == [(5,)]
    assert given.execute("SELECT message FROM job_log_lines ORDER BY seq") == [("said",), ("蜘蛛",)]
    assert count_lines(claim.job_id, before_attempt=2) == 2
    assert count_lines(claim.job_id, before_attempt=1) == 0


def test_of_equal_keys_in_a_batch_the_last_counts(claim: Claim, writer: CheckpointWriter) -> None:
    writer.commit(Batch(items=[_item("a", 1), _item("b", 1), _item("a", 2)]))
    assert _counts(claim) == {"items_scraped": 2, "items_new": 2}
    assert _price("a") == 2


def test_new_changed_and_unchanged_are_told_apart(claim: Claim, writer: CheckpointWriter) -> None:
    writer.commit(_items("same", "other"))
    following, second = _next_job(claim)
    second.commit(Batch(items=[_item("same"), _item("other", 2), _item("new")]))
    assert _counts(following) == {"items_scraped": 3, "items_new": 1, "items_changed": 1}
    assert given.execute("SELECT key FROM scraped_items WHERE changed_at > first_seen_at") == [
        ("other",)
    ]
    assert given.execute("SELECT data, added, job_id FROM item_revisions") == [
        ({"price": 1}, [], UUID(following.job_id))
    ]
    second.close()


def test_an_item_that_changes_twice_in_one_job_counts_once_and_keeps_the_earlier_jobs_data(
    claim: Claim, writer: CheckpointWriter
) -> None:
    writer.commit(_items("a", price=1))
    following, second = _next_job(claim)
    second.commit(_items("a", price=2))
    second.commit(_items("a", price=3))
    assert _counts(following) == {"items_scraped": 1, "items_changed": 1}
    assert _price("a") == 3
    assert given.execute("SELECT data, added FROM item_revisions") == [({"price": 1}, [])]
    second.close()


def test_an_item_that_changes_twice_in_one_job_is_compared_with_what_it_was_before_the_job(
    claim: Claim, writer: CheckpointWriter
) -> None:
    writer.commit(Batch(items=[_item_of(name="a", price=1)]))
    following, second = _next_job(claim)
    second.commit(Batch(items=[_item_of(colour="red", price=2)]))
    second.commit(Batch(items=[_item_of(name="b", price=1, size=3)]))
    assert _counts(following) == {"items_scraped": 1, "items_changed": 1}
    assert given.execute("SELECT data, added FROM item_revisions") == [({"name": "a"}, ["size"])]
    second.close()


def test_a_revision_that_an_older_crawler_kept_whole_stays_whole(
    claim: Claim, writer: CheckpointWriter
) -> None:
    writer.commit(_items("a", price=1))
    following, second = _next_job(claim)
    second.commit(_items("a", price=2))
    given.execute("UPDATE item_revisions SET data = '{\"whole\": 1}', added = NULL")
    second.commit(_items("a", price=3))
    assert _counts(following) == {"items_scraped": 1, "items_changed": 1}
    assert given.execute("SELECT data, added FROM item_revisions") == [({"whole": 1}, None)]
    second.close()


def test_a_revision_says_since_when_the_item_had_been_so(
    claim: Claim, writer: CheckpointWriter
) -> None:
    writer.commit(_items("a", price=1))
    began = given.execute("SELECT changed_at FROM scraped_items")[0][0]
    _, second = _next_job(claim)
    second.commit(_items("a", price=2))
    second.commit(_items("a", price=3))
    assert given.execute("SELECT began_at FROM item_revisions") == [(began,)]
    second.close()


def test_an_item_that_was_gone_is_back_once_however_often_it_is_seen(
    claim: Claim, writer: CheckpointWriter
) -> None:
    writer.commit(_items("a", "b", price=1))
    given.execute("UPDATE scraped_items SET gone_at = now() WHERE key = 'a'")
    given.execute(
        "INSERT INTO item_absences (item_id, gone_at)"
        " SELECT id, gone_at FROM scraped_items WHERE key = 'a'"
    )
    following, second = _next_job(claim)
    second.commit(_items("a", "b", price=1))
    second.commit(_items("a", price=2))
    job = given.job(UUID(following.job_id))
    assert (job.items_back, job.items_changed, job.items_new) == (1, 1, 0)
    assert not given.count("scraped_items", "gone_at IS NOT NULL")
    assert given.execute("SELECT back_job_id, back_at > gone_at FROM item_absences") == [
        (UUID(following.job_id), True)
    ]
    second.close()


def test_an_item_that_changes_within_its_first_job_is_just_new(
    claim: Claim, writer: CheckpointWriter
) -> None:
    writer.commit(_items("a", price=1))
    writer.commit(_items("a", price=2))
    assert _counts(claim) == {"items_scraped": 1, "items_new": 1}
    assert _price("a") == 2
    assert given.count("item_revisions") == 0


def test_targets_have_their_items_to_themselves(claim: Claim, writer: CheckpointWriter) -> None:
    writer.commit(_items("a", price=1))
    other = _claimed(given.a_target("other"))
    second = CheckpointWriter(other, lease_seconds=60)
    second.commit(_items("a", price=2))
    assert _counts(other) == {"items_scraped": 1, "items_new": 1}
    assert given.count("scraped_items", "key = 'a'") == 2
    second.close()


def test_what_was_rejected_is_kept_once_a_job(claim: Claim, writer: CheckpointWriter) -> None:
    twice = [_refused("too deep"), _refused("too deep"), _refused("too large")]
    writer.commit(Batch(items=[_item("a")], rejected=twice))
    writer.commit(Batch(rejected=twice))
    assert _counts(claim) == {"items_scraped": 1, "items_new": 1, "items_rejected": 2}
    assert given.count("rejected_items") == 2


# Once


def test_a_commit_whose_outcome_is_unknown_counts_once_when_it_is_made_again(
    claim: Claim, writer: CheckpointWriter
) -> None:
    """The connection breaks after the commit and before its answer."""
    writer.commit(_items("a"))
    batch = Batch(items=[_item("b")], lines=[_line(1)], pages=4, errors=1, bytes_received=10)
    _commit_without_an_answer(writer, batch)
    assert _counts(claim) == {"items_scraped": 2, "items_new": 2, "pages": 4, "errors": 1}
    writer.commit(batch)
    assert _counts(claim) == {"items_scraped": 2, "items_new": 2, "pages": 4, "errors": 1}
    assert given.job(UUID(claim.job_id)).bytes_received == 10
    assert count_lines(claim.job_id, before_attempt=2) == 1
    writer.commit(Batch(pages=1))
    assert _counts(claim)["pages"] == 5


def _commit_without_an_answer(writer: CheckpointWriter, batch: Batch) -> None:
    number = writer._number
    writer.commit(batch)
    writer._number = number
    writer.close()


def test_a_commit_that_was_broken_off_is_made_again_whole(
    claim: Claim, writer: CheckpointWriter
) -> None:
    """The session is ended while the commit waits for somebody's lock."""
    writer.commit(Batch())
    batch = Batch(items=[_item("a")], pages=1)

    waiting = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with storage.engine().connect() as holder, ThreadPoolExecutor(1) as pool:
        holder.exec_driver_sql("SELECT FROM scraping_jobs FOR UPDATE")
        committing = pool.submit(writer.commit, batch)
        awaiting.until(lambda: given.execute(waiting), "a commit that waits for a lock")
        assert isinstance(committing.exception(timeout=10), DatabaseAway)
    assert _counts(claim) == {}
    writer.commit(batch)
    assert _counts(claim) == {"items_scraped": 1, "items_new": 1, "pages": 1}


def test_what_people_asked_for_comes_back_with_each_commit(
    claim: Claim, writer: CheckpointWriter
) -> None:
    assert writer.commit(Batch()).requested is None
    given.do(jobs.pause, UUID(claim.job_id))
    assert writer.commit(Batch()).requested == "pause"
    given.do(jobs.cancel, UUID(claim.job_id))
    assert writer.commit(Batch()).requested == "cancel"


def test_what_people_asked_for_comes_back_with_a_commit_made_again(
    claim: Claim, writer: CheckpointWriter
) -> None:
    _commit_without_an_answer(writer, Batch())
    given.do(jobs.cancel, UUID(claim.job_id))
    assert writer.commit(Batch()).requested == "cancel"


# Only for who holds the lease


def test_an_attempt_that_was_taken_over_writes_nothing(
    claim: Claim, writer: CheckpointWriter
) -> None:
    given.finish(UUID(claim.job_id), given.HANDED_BACK)
    again = given.claim(UUID(claim.job_id))
    assert again is not None
    assert again.attempt == 2
    with pytest.raises(LeaseLost):
        writer.commit(Batch(items=[_item("a")], lines=[_line(1)], pages=1))
    assert _counts(claim) == {}
    assert given.count("scraped_items") == given.count("job_log_lines") == 0


def test_a_job_that_ended_takes_no_more(claim: Claim, writer: CheckpointWriter) -> None:
    writer.commit(_items("a"))
    _finished(claim)
    with pytest.raises(LeaseLost):
        writer.commit(_items("b"))
    assert given.count("scraped_items") == 1


def test_a_resumed_job_counts_on_where_it_was(claim: Claim, writer: CheckpointWriter) -> None:
    writer.commit(_items("a", "b"))
    given.finish(UUID(claim.job_id), given.HANDED_BACK)
    again = given.claim(UUID(claim.job_id))
    assert again is not None
    second = CheckpointWriter(again, lease_seconds=60)
    second.commit(_items("b", "c"))
    assert _counts(claim) == {"items_scraped": 3, "items_new": 3}
    second.close()


def test_two_writers_of_one_job_count_exactly_and_never_lock_each_other_out(
    target_id: int,
) -> None:
    claim = _claimed(target_id)
    writers = [_Shared(claim, lease_seconds=60) for _ in range(2)]
    keys = [f"key {number:02}" for number in range(40)]

    def crawl(number: int) -> None:
        for _ in range(15):
            writers[number].commit(_items(*(keys if number else reversed(keys))))

    given.at_once(2, crawl)
    assert _counts(claim) == {"items_scraped": 40, "items_new": 40}
    for writer in writers:
        writer.close()


class _Shared(CheckpointWriter):
    """A writer that takes the next number when another has taken the one it meant to use."""

    def commit(self, batch: Batch) -> Any:
        while True:
            try:
                return super().commit(batch)
            except LeaseLost:
                ((self._number,),) = given.execute("SELECT checkpoint FROM crawls")


def test_a_statement_that_postgres_refuses_is_not_taken_for_an_outage(
    writer: CheckpointWriter,
) -> None:
    broken = StorableItem("a", "no json", b"x")
    with pytest.raises(psycopg2.DataError):
        writer.commit(Batch(items=[broken]))


def _price(key: str) -> int:
    ((data,),) = given.execute("SELECT data FROM scraped_items WHERE key = :key", key=key)
    return int(data["price"])


def _steps(claim: Claim) -> list[Any]:
    """Seconds since the job's start, pages, items and errors of each step."""
    return given.execute(
        "SELECT extract(epoch FROM p.began_at - j.started_at)::float8, p.pages, p.items, p.errors"
        " FROM job_progress p JOIN scraping_jobs j ON j.id = p.job_id"
        " WHERE j.id = :id ORDER BY p.began_at",
        id=UUID(claim.job_id),
    )


def _aged(claim: Claim, seconds: float) -> None:
    given.execute(
        "UPDATE scraping_jobs SET started_at = now() - make_interval(secs => :age) WHERE id = :id",
        id=UUID(claim.job_id),
        age=seconds,
    )


def test_the_steps_of_a_job_add_up_to_its_counts(claim: Claim, writer: CheckpointWriter) -> None:
    for age, keys in ((1, "ab"), (30, "bc"), (200, "cd"), (2_000, "de")):
        _aged(claim, age)
        batch = _items(*keys)
        batch.pages, batch.errors = 3, 1
        writer.commit(batch)
    steps = _steps(claim)
    assert [sum(step[place] for step in steps) for place in (1, 2, 3)] == [12, 5, 4]
    assert _counts(claim) == {"items_scraped": 5, "items_new": 5, "pages": 12, "errors": 4}


@pytest.mark.parametrize(("age", "width"), [(100.5, 1), (303, 10), (1_193, 10), (4_030, 60)])
def test_a_step_is_the_longer_the_older_the_job_is(
    age: float, width: int, claim: Claim, writer: CheckpointWriter
) -> None:
    _aged(claim, age)
    writer.commit(Batch(pages=1))
    ((began, *_),) = _steps(claim)
    assert began % width == pytest.approx(0, abs=1e-6)
    assert age - width <= began <= age + 5


def test_checkpoints_within_one_step_share_it(claim: Claim, writer: CheckpointWriter) -> None:
    _aged(claim, 4_000)
    for _ in range(3):
        writer.commit(Batch(pages=2))
    assert sum(step[1] for step in _steps(claim)) == 6
    assert len(_steps(claim)) <= 2


def test_a_checkpoint_without_news_leaves_no_step(claim: Claim, writer: CheckpointWriter) -> None:
    writer.commit(Batch())
    assert _steps(claim) == []


def test_a_batch_that_is_committed_again_is_one_step_all_the_same(
    claim: Claim, writer: CheckpointWriter
) -> None:
    batch = _items("a")
    batch.pages = 4
    writer.commit(batch)
    again = CheckpointWriter(claim, lease_seconds=60)
    again.commit(batch)
    again.close()
    assert [step[1:] for step in _steps(claim)] == [(4, 1, 0)]
    assert _counts(claim)["pages"] == 4


def test_who_lost_the_lease_leaves_no_step(claim: Claim, writer: CheckpointWriter) -> None:
    _finished(claim)
    with pytest.raises(LeaseLost):
        writer.commit(Batch(pages=4))
    assert _steps(claim) == []


def _tuples_read(index: str) -> int:
    """Since the database was made, by whoever: other tests have read too."""
    read = "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = :name"
    awaiting.until(lambda: given.execute("SELECT pg_stat_force_next_flush()"), "statistics")
    return int(given.execute(read, name=index)[0].idx_tup_read)


def test_new_items_of_a_target_that_statistics_do_not_know_are_found_by_their_keys(
    claim: Claim, writer: CheckpointWriter
) -> None:
    """Through any other index each of them would cost a look at all items the target has."""
    others = [given.a_target(f"known-{number}") for number in range(11)]
    given.execute(
        "INSERT INTO scraped_items (target_id, key, data, content_hash)"
        " SELECT t, 'https://shop.example/items/' || n, '{}', '' FROM unnest(:ids) AS t,"
        " generate_series(1, 2000) AS n",
        ids=others,
    )
    given.execute("ANALYZE scraped_items")
    before = _tuples_read("ix_scraped_items_target_first_seen")
    for first in range(0, 600, 200):
        writer.commit(_items(*(f"https://shop.example/{n}" for n in range(first, first + 200))))
    writer.close()
    assert _tuples_read("ix_scraped_items_target_first_seen") - before < 1_000
