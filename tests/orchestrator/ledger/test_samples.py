"""Samples on a real Postgres: they come with a checkpoint or not at all, and make room."""

import os
import uuid
from collections.abc import Mapping
from typing import Any

import pytest

from orchestrator import config
from orchestrator.exceptions import LeaseLost, NotFound
from orchestrator.ledger import cleanup, fields, samples, targets
from orchestrator.ledger.checkpoints import Batch, CheckpointWriter
from orchestrator.ledger.cleanup import Retention
from orchestrator.ledger.new_samples import MOST_BYTES, NewSample
from tests.orchestrator.ledger import given

PAGE = b"<p>tea</p>"


def sample(place: int = 0, page: bytes | None = PAGE, **filled: int) -> NewSample:
    size = len(page or b"")
    return NewSample(place, b"id", "http://shop.test/", 200, "text/html", page, size, 2, filled)


def nothing(place: int, url: str) -> NewSample:
    """A page that gave no item."""
    return NewSample(place, b"id", url, 200, "text/html", PAGE, len(PAGE), 0, {})


def written(job_id: uuid.UUID, *taken: NewSample) -> None:
    """A checkpoint of a crawl that has begun just now."""
    claim = given.claim(job_id)
    assert claim
    writer = CheckpointWriter(claim, lease_seconds=60)
    writer.commit(Batch(samples=list(taken)))
    writer.close()


def sampled(target_id: int, *taken: NewSample) -> uuid.UUID:
    """A completed job with these samples."""
    job_id = given.a_job(target_id)
    written(job_id, *taken)
    given.finish(job_id, given.COMPLETED)
    return job_id


def kept(job_id: uuid.UUID) -> Mapping[int, bool]:
    return {each.place: each.is_kept for each in given.do(samples.of_job, job_id)}


def test_a_sample_is_the_page_as_it_was_read(target_id: int) -> None:
    job_id = sampled(target_id, sample(price=2))
    [found] = given.do(samples.of_job, job_id)
    assert (found.url, found.items, found.filled) == ("http://shop.test/", 2, {"price": 2})
    assert (found.size, found.target_id) == (len(PAGE), target_id)
    assert given.do(samples.body, job_id, 0) == PAGE


def test_a_page_that_stays_too_large_is_named_and_not_kept(target_id: int) -> None:
    noise = os.urandom(700_000)
    job_id = sampled(
        target_id, sample(0, noise), sample(1, None), sample(2, b"x" * (MOST_BYTES - 1))
    )
    assert kept(job_id) == {0: False, 1: False, 2: True}
    with pytest.raises(NotFound):
        given.do(samples.body, job_id, 0)


def test_a_crawl_that_goes_on_keeps_the_samples_it_had(target_id: int) -> None:
    job_id = given.a_job(target_id)
    written(job_id, sample(0, b"first"))
    given.finish(job_id, given.HANDED_BACK)
    written(job_id, sample(0, b"second"), sample(1, b"third"))
    assert kept(job_id) == {0: True, 1: True}
    assert given.do(samples.body, job_id, 0) == b"first"


def test_who_lost_the_lease_writes_no_sample(target_id: int) -> None:
    job_id = given.a_job(target_id)
    claim = given.claim(job_id)
    assert claim
    given.finish(job_id, given.HANDED_BACK)
    writer = CheckpointWriter(claim, lease_seconds=60)
    with pytest.raises(LeaseLost):
        writer.commit(Batch(samples=[sample()]))
    writer.close()
    assert kept(job_id) == {}


def test_a_commit_made_twice_writes_a_sample_once(target_id: int) -> None:
    job_id = given.a_job(target_id)
    claim = given.claim(job_id)
    assert claim
    writer = CheckpointWriter(claim, lease_seconds=60)
    batch = Batch(samples=[sample()], pages=1)
    writer.commit(batch)
    writer._number -= 1
    writer.commit(batch)
    writer.close()
    assert (kept(job_id), given.job(job_id).pages) == ({0: True}, 1)


def test_old_samples_make_room_unless_they_are_the_last_to_show_a_field(
    target_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUMO_SAMPLED_JOBS", "2")
    config.get.cache_clear()
    jobs = [
        sampled(target_id, sample(0, name=2), sample(1, name=2, **({"price": 2} if n == 1 else {})))
        for n in range(5)
    ]
    # The price was last seen in the second job; of the others the last two have theirs.
    assert [len(kept(job)) for job in jobs] == [0, 1, 0, 2, 2]
    now = given.job(jobs[-1])
    before = given.do(samples.last_with, now, "price")
    assert before
    assert (before.job_id, before.place) == (jobs[1], 1)


def test_another_targets_samples_stay(target_id: int) -> None:
    others = [sampled(given.a_target(f"t{n}"), sample()) for n in range(8)]
    sampled(target_id, sample())
    assert [len(kept(job)) for job in others] == [1] * 8


def test_the_page_that_shows_best_that_a_field_is_empty_comes_first(target_id: int) -> None:
    job_id = sampled(target_id, sample(0, price=1), sample(1, price=2), sample(3, name=2))
    for field, place in (("price", 3), ("name", 0)):
        found = given.do(samples.without, job_id, field)
        assert found
        assert found.place == place


def test_a_page_without_items_is_held_beside_one_of_its_sort(target_id: int) -> None:
    sampled(target_id, sample(0, name=0), sample(1, price=2))
    job_id = sampled(
        target_id, nothing(0, "http://shop.test/list"), nothing(4, "http://shop.test/p")
    )
    found = given.do(fields.compared, job_id, "price")
    assert found.before.place == 1
    assert found.now.place == 4


@pytest.mark.parametrize("switched_off", ["target", "installation"])
def test_who_must_keep_no_pages_has_none_after_a_clean_up(
    target_id: int, switched_off: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id, other = sampled(target_id, sample()), sampled(given.a_target("other"), sample())
    given.execute("INSERT INTO field_diagnoses (job_id, field) VALUES (:job, 'price')", job=job_id)
    settings: Any = '{"KUMO_PAGE_SAMPLES": false}'
    if switched_off == "target":
        given.execute(
            "UPDATE scraping_targets SET settings = :settings WHERE id = :id",
            settings=settings,
            id=target_id,
        )
    else:
        monkeypatch.setenv("KUMO_SAMPLED_JOBS", "0")
        config.get.cache_clear()
    counts = cleanup.old_data(Retention.of(30))
    assert kept(job_id) == {}
    assert given.count("field_diagnoses") == 0
    assert len(kept(other)) == (switched_off == "target")
    assert counts["page_samples"] == 1 + (switched_off == "installation")


def test_samples_go_with_their_job_and_with_their_target(target_id: int) -> None:
    job_id, other = sampled(target_id, sample()), sampled(given.a_target("gone"), sample())
    given.execute("INSERT INTO field_diagnoses (job_id, field) VALUES (:job, 'price')", job=job_id)
    given.execute(
        "UPDATE scraping_jobs SET completed_at = now() - interval '40 days' WHERE id = :job",
        job=job_id,
    )
    given.do(lambda session: targets.delete(session, targets.find(session, "gone")))
    counts = cleanup.old_data(Retention.of(30))
    assert (counts["page_samples"], counts["field_diagnoses"], counts["jobs"]) == (2, 1, 2)
    assert (kept(job_id), kept(other)) == ({}, {})
