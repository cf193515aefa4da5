"""What a night brought."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

import pytest

from orchestrator import config
from orchestrator.ledger import nights
from orchestrator.ledger.models import JobStatus
from orchestrator.ledger.nights import Night
from tests.orchestrator.ledger import given


@pytest.fixture
def old(database: str) -> int:
    """A target that was there before the last night and has not been touched since."""
    target_id = given.a_target()
    given.execute(
        "UPDATE scraping_targets SET created_at = now() - interval '9 days',"
        " updated_at = now() - interval '9 days'"
    )
    return target_id


def night() -> Night:
    return given.do(nights.last)


def outcomes() -> Mapping[str, JobStatus | None]:
    return {mark.name: mark.status for mark in night().marks}


def requested_before_the_night(job_id: UUID) -> None:
    given.execute(
        "UPDATE scraping_jobs SET queued_at = now() - interval '37 hours' WHERE id = :id", id=job_id
    )


@pytest.mark.parametrize(
    ("occasion", "noon"),
    [
        (datetime(2026, 11, 23, 0, 0, tzinfo=UTC), datetime(2026, 11, 22, 12, tzinfo=UTC)),
        (datetime(2026, 11, 23, 12, 0, tzinfo=UTC), datetime(2026, 11, 23, 12, tzinfo=UTC)),
        (datetime(2026, 11, 23, 22, 30, tzinfo=UTC), datetime(2026, 11, 23, 12, tzinfo=UTC)),
    ],
)
def test_a_night_begins_at_the_noon_before(occasion: datetime, noon: datetime) -> None:
    assert nights.noon_before(occasion) == noon


def test_noon_is_where_the_nightly_crawl_is_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUMO_TIMEZONE", "Asia/Tokyo")
    config.get.cache_clear()
    midnight = datetime(2026, 11, 22, 15, tzinfo=UTC)
    assert nights.noon_before(midnight) == datetime(2026, 11, 22, 3, tzinfo=UTC)


def test_the_newest_job_of_the_night_tells_what_became_of_a_target(old: int) -> None:
    given.brought_to(JobStatus.FAILED, old)
    assert outcomes() == {"shop": JobStatus.FAILED}
    given.brought_to(JobStatus.COMPLETED, old)
    assert outcomes() == {"shop": JobStatus.COMPLETED}


def test_a_skipped_job_counts_only_where_there_is_no_other(old: int) -> None:
    given.brought_to(JobStatus.COMPLETED, old)
    skipped = given.brought_to(JobStatus.CANCELLED, old)
    given.execute("UPDATE scraping_jobs SET status = 'skipped' WHERE id = :id", id=skipped)
    assert outcomes() == {"shop": JobStatus.COMPLETED}
    given.execute("DELETE FROM scraping_jobs WHERE status = 'completed'")
    assert outcomes() == {"shop": JobStatus.SKIPPED}


def test_a_target_that_lacks_its_nightly_job_is_shown_without_one(old: int) -> None:
    requested_before_the_night(given.brought_to(JobStatus.COMPLETED, old))
    assert outcomes() == {"shop": None}


@pytest.mark.parametrize(
    "change",
    ["active = false", "schedule = '0 0 1 1 *'", "updated_at = now()", "deleted_at = now()"],
)
def test_a_target_that_nobody_expected_is_left_out(old: int, change: str) -> None:
    given.execute(f"UPDATE scraping_targets SET {change}")
    assert outcomes() == {}


def test_counts_add_up_and_a_night_is_over_when_nothing_is_to_come(old: int) -> None:
    given.brought_to(JobStatus.COMPLETED, old)
    for name in ("a", "b"):
        given.brought_to(JobStatus.FAILED, given.a_target(name))
    assert dict(night().counts) == {JobStatus.FAILED: 2, JobStatus.COMPLETED: 1}
    assert list(night().counts) == [JobStatus.FAILED, JobStatus.COMPLETED]
    assert night().is_over
    given.a_job(given.a_target("c"))
    assert not night().is_over
