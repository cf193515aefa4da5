"""Leases as crawls keep them and let them go."""

import uuid
from dataclasses import replace

import pytest

from orchestrator.exceptions import LeaseLost
from orchestrator.ledger import crawls, leases
from orchestrator.ledger.claims import Claim
from orchestrator.ledger.models import JobStatus
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def claim(target_id: int) -> Claim:
    claimed = given.claim(given.brought_to(JobStatus.PENDING, target_id))
    assert claimed is not None
    return claimed


def expire() -> None:
    given.execute("UPDATE crawls SET lease_until = now() - interval '1 s'")


def expired() -> int:
    return len(given.do(crawls.expired, most=10))


def renew(claim: Claim) -> None:
    leases.renew(claim, lease_seconds=60)


def test_a_lease_is_prolonged(claim: Claim) -> None:
    expire()
    renew(claim)
    assert given.count("crawls", "lease_until > now() + interval '50 s'") == 1
    assert expired() == 0


def test_a_lease_cannot_be_renewed_after_a_take_over(claim: Claim) -> None:
    job_id = uuid.UUID(claim.job_id)
    given.finish(job_id, given.HANDED_BACK)
    later = given.claim(job_id)
    with pytest.raises(LeaseLost, match=f"Attempt 1 of job {job_id}"):
        renew(claim)
    assert later is not None
    renew(later)


def test_a_lease_cannot_be_renewed_after_the_end(claim: Claim) -> None:
    given.finish(uuid.UUID(claim.job_id), given.COMPLETED)
    with pytest.raises(LeaseLost):
        renew(claim)


def test_a_lease_belongs_to_the_attempt_that_its_job_names(claim: Claim) -> None:
    given.execute("UPDATE scraping_jobs SET attempt = 2")
    with pytest.raises(LeaseLost):
        renew(claim)


def test_a_lease_of_no_job_cannot_be_renewed(claim: Claim) -> None:
    with pytest.raises(LeaseLost):
        renew(replace(claim, job_id=str(uuid.uuid4())))


def test_a_lease_that_is_let_go_is_found_at_once(claim: Claim) -> None:
    leases.let_go(claim)
    assert expired() == 1


def test_a_lease_is_let_go_by_its_own_crawl_alone(claim: Claim) -> None:
    leases.let_go(replace(claim, number=1))
    leases.let_go(replace(claim, attempt=2))
    assert expired() == 0


def test_what_has_ended_is_not_let_go(claim: Claim) -> None:
    given.finish(uuid.UUID(claim.job_id), given.COMPLETED)
    leases.let_go(claim)
    assert given.count("crawls", "lease_until > now()") == 1
