"""A target that asks for a tag is crawled by a worker that was started for it, and by no other."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from orchestrator import triggers
from orchestrator.ledger import waiting
from orchestrator.ledger.models import JobStatus, Queue, Trigger
from orchestrator.ledger.waiting import Reason, Waiting
from tests import awaiting
from tests.orchestrator.ledger import given
from tests.shops import DAY, OpenShop
from tests.workers import UNHURRIED, Worker, working


@pytest.fixture(scope="module", autouse=True)
def plain(database: str, redis_url: str) -> Iterator[Worker]:
    """A worker that is for no tag."""
    with working("-Q", "crawls", "--concurrency=1", **UNHURRIED) as worker:
        yield worker


def _requested(name: str, shop: OpenShop, **fields: str) -> UUID:
    given.a_target(name, spider="demo_shop", start_urls=[shop.on(DAY)], **fields)
    return triggers.request(name, Trigger.API).job_id


def _why(job_id: UUID) -> Waiting:
    return given.do(waiting.why, given.job(job_id))


def _crawled_by(job_id: UUID) -> list[int]:
    """The processes of the workers that crawled it."""
    rows = given.execute(
        "SELECT w.pid FROM crawls c JOIN workers w ON w.name = c.worker WHERE c.job_id = :id",
        id=job_id,
    )
    return [pid for (pid,) in rows]


def test_a_tagged_job_waits_with_its_reason_for_a_worker_of_its_tag(
    plain: Worker, shop: OpenShop
) -> None:
    tagged = _requested("tagged", shop, worker_tag="eu")
    # Where it does not belong it is not served either, whoever sends it there.
    triggers.ring([(tagged, given.job(tagged).target_id, 0, Queue.CRAWLS)])
    untagged = _requested("untagged", shop)
    assert awaiting.ended(untagged).status is JobStatus.COMPLETED
    assert given.job(tagged).status is JobStatus.PENDING
    why = _why(tagged)
    assert (why.kind, why.queue, why.tag) == (Reason.NO_TAGGED, "crawls.eu", "eu")
    with working("-Q", "crawls.eu", "--concurrency=1", **UNHURRIED) as european:
        job = awaiting.ended(tagged)
        assert (job.status, job.items_scraped) == (JobStatus.COMPLETED, len(shop.products()))
        assert _crawled_by(tagged) == [european.process.pid]
        assert _crawled_by(untagged) == [plain.process.pid]
        (queues,) = given.execute(
            "SELECT queues FROM workers WHERE pid = :pid", pid=european.process.pid
        )
        assert queues == (["crawls.eu"],)
