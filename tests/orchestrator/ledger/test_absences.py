"""What is gone: exactly what a proven job did not see, once, whoever marks it and however often."""

import uuid
from collections.abc import Sequence
from typing import Any

import pytest

from orchestrator import triggers
from orchestrator.exceptions import DatabaseAway
from orchestrator.ledger import absences
from orchestrator.ledger.checkpoints import Batch, CheckpointWriter
from orchestrator.ledger.ends import End, Ending
from orchestrator.ledger.items import StorableItem, storable
from orchestrator.ledger.troubled_pages import TroubledPage
from tests.orchestrator.ledger import given

LIMITED = End(Ending.COMPLETED, "closespider_itemcount")


def crawl(
    target_id: int, keys: str | Sequence[str], end: End = given.COMPLETED, **batch: Any
) -> uuid.UUID:
    """A job that sees these items and ends; what is gone is not looked for yet."""
    job_id = given.a_job(target_id)
    claim = given.claim(job_id)
    assert claim is not None
    writer = CheckpointWriter(claim, lease_seconds=60)
    writer.commit(Batch(items=[_item(key) for key in keys], **batch))
    writer.close()
    given.finish(job_id, end)
    return job_id


def _item(key: str) -> StorableItem:
    item = storable({"key": key}, ["key"])
    assert isinstance(item, StorableItem)
    return item


def gone() -> set[str]:
    rows = given.execute("SELECT key FROM scraped_items WHERE gone_at IS NOT NULL")
    return {row.key for row in rows}


def told() -> list[tuple[str, uuid.UUID, uuid.UUID | None]]:
    """All absences: of which item, found by which job, ended by which."""
    return [
        tuple(row)
        for row in given.execute(
            "SELECT key, gone_job_id, back_job_id FROM item_absences a"
            " JOIN scraped_items i ON i.id = a.item_id ORDER BY a.gone_at, key"
        )
    ]


def counts(job_id: uuid.UUID) -> tuple[int, int]:
    job = given.job(job_id)
    return job.items_gone, job.items_back


def test_what_a_proven_job_did_not_see_is_gone_and_back_when_it_is_seen_again(
    target_id: int,
) -> None:
    crawl(target_id, "abc")
    assert absences.settle(target_id) == 0
    second = crawl(target_id, "ad")
    assert absences.settle(target_id) == 2
    assert gone() == {"b", "c"}
    assert counts(second) == (2, 0)
    third = crawl(target_id, "abd")
    absences.settle(target_id)
    assert gone() == {"c"}
    assert counts(third) == (0, 1)
    assert told() == [("b", second, third), ("c", second, None)]


def test_an_item_that_goes_again_is_gone_again(target_id: int) -> None:
    for keys in ("ab", "a", "ab", "a", "a"):
        crawl(target_id, keys)
        absences.settle(target_id)
    assert len(told()) == 2
    assert gone() == {"b"}


def test_it_is_gone_since_the_end_of_the_job_that_should_have_seen_it(target_id: int) -> None:
    crawl(target_id, "ab")
    absences.settle(target_id)
    job_id = crawl(target_id, "a")
    absences.settle(target_id)
    ended = given.job(job_id).completed_at
    assert given.execute("SELECT gone_at FROM item_absences") == [(ended,)]
    assert given.count("scraped_items", "gone_at = :ended", ended=ended) == 1


@pytest.mark.parametrize(
    ("end", "batch"),
    [
        (LIMITED, {}),
        (given.IMPOSSIBLE, {}),
        (given.COMPLETED, {"given_up": [TroubledPage(b"p", "https://shop.example", "503")]}),
    ],
    ids=["a limit", "a failure", "a page given up"],
)
def test_a_job_that_did_not_see_everything_tells_nothing(
    end: End, batch: dict[str, Any], target_id: int
) -> None:
    crawl(target_id, "abc")
    absences.settle(target_id)
    crawl(target_id, "a", end, **batch)
    assert absences.settle(target_id) == 0
    assert not gone()
    # The next one that did looks back to the last one that did.
    last = crawl(target_id, "b")
    assert absences.settle(target_id) == 2
    assert gone() == {"a", "c"}
    assert counts(last) == (2, 0)


def test_a_job_that_found_nothing_at_all_tells_nothing(target_id: int) -> None:
    crawl(target_id, "a")
    crawl(target_id, "")
    assert absences.settle(target_id) == 0


def test_a_crawl_started_by_hand_tells_nothing(target_id: int) -> None:
    crawl(target_id, "ab")
    absences.settle(target_id)
    job_id = given.a_job(target_id, one_attempt=True)
    claim = given.claim(job_id)
    assert claim
    CheckpointWriter(claim, lease_seconds=60).commit(Batch(items=[_item("a")]))
    given.finish(job_id, given.COMPLETED)
    assert absences.settle(target_id) == 0


def test_other_targets_are_left_alone(target_id: int) -> None:
    other = given.a_target("other")
    crawl(other, "xy")
    crawl(target_id, "ab")
    crawl(target_id, "a")
    absences.settle(target_id)
    assert gone() == {"b"}


def test_items_whose_last_job_is_deleted_are_gone_too(target_id: int) -> None:
    crawl(target_id, "ab")
    absences.settle(target_id)
    given.execute("UPDATE scraped_items SET last_job_id = NULL")
    crawl(target_id, "a")
    absences.settle(target_id)
    assert gone() == {"b"}


def test_a_claim_waits_for_what_the_job_before_did_not_see(target_id: int) -> None:
    crawl(target_id, "ab")
    second = crawl(target_id, "a")
    third = given.a_job(target_id)
    claim = triggers.claim(third, worker="w@here")
    assert claim is not None
    CheckpointWriter(claim, lease_seconds=60).commit(Batch(items=[_item("b")]))
    assert told() == [("b", second, third)]
    assert (counts(second), counts(third)) == ((1, 0), (0, 1))


def test_it_goes_on_where_it_was_stopped_and_counts_each_item_once(
    target_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(absences, "MOST_ROWS", 7)
    crawl(target_id, [f"{n:03}" for n in range(100)])
    absences.settle(target_id)
    job_id = crawl(target_id, ["000"])
    assert absences.settle(target_id, seconds=0) <= 7
    with pytest.raises(DatabaseAway):
        _stopped_in_the_fifth_batch(target_id, monkeypatch)
    assert 0 < len(gone()) < 99
    assert len(gone()) == given.job(job_id).items_gone == given.count("item_absences")
    absences.catch_up(seconds=60)
    assert len(gone()) == given.job(job_id).items_gone == given.count("item_absences") == 99
    assert absences.catch_up(seconds=60) == 0


def _stopped_in_the_fifth_batch(target_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last batch is marked and then rolled back, as by a SIGKILL before the commit."""
    marks, mark = iter(range(5)), absences._mark

    def stopping(*arguments: Any) -> int:
        number = mark(*arguments)
        if next(marks) == 4:
            raise DatabaseAway("It is away.")
        return number

    with monkeypatch.context() as patch:
        patch.setattr(absences, "_mark", stopping)
        absences.settle(target_id)


def test_many_at_once_mark_each_item_once(target_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(absences, "MOST_ROWS", 5)
    crawl(target_id, [f"{n:03}" for n in range(100)])
    job_id = crawl(target_id, ["000"])
    marked = given.at_once(4, lambda _: absences.settle(target_id))
    assert sum(marked) == given.job(job_id).items_gone == given.count("item_absences") == 99


def test_what_a_newer_job_sees_meanwhile_is_not_gone(target_id: int) -> None:
    """An older worker may claim without waiting for what is gone."""
    crawl(target_id, "abc")
    absences.settle(target_id)
    crawl(target_id, "a")
    claim = given.claim(given.a_job(target_id))
    assert claim
    CheckpointWriter(claim, lease_seconds=60).commit(Batch(items=[_item("b")]))
    absences.settle(target_id)
    assert gone() == {"c"}


def test_a_run_that_saw_everything_marks_nothing_and_reads_no_item(target_id: int) -> None:
    crawl(target_id, "abc")
    absences.settle(target_id)
    job_id = crawl(target_id, "abc")
    assert absences._sources(job_id) == [None]
    assert absences.settle(target_id) == 0
    assert given.job(job_id).absences_found_at is not None
