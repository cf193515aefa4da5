"""A backup taken in mid-crawl, brought back when Redis has gone on for long."""

from pathlib import Path

import pytest

from orchestrator import backup, frontiers
from orchestrator.ledger.models import JobStatus
from tests import awaiting, databases
from tests.faults import crawls
from tests.orchestrator.ledger import given
from tests.pair import Pair
from tests.scenes import storing_in
from tests.shops import OpenShop
from tests.workers import UNHURRIED, working


@pytest.mark.usefixtures("database", "redis_url")
def test_a_restored_job_loses_nothing_though_its_frontier_was_later(
    pair: Pair, slow_shop: OpenShop, shop: OpenShop, tmp_path: Path
) -> None:
    file = tmp_path / "kumo.dump"
    with working("--concurrency=1", **UNHURRIED) as worker:
        whole = awaiting.ended(crawls.requested(shop))
        job_id = crawls.under_way(slow_shop)
        backup.save(file)
        saved_items = given.job(job_id).items_scraped
        # What is acknowledged from here on, the saved rows know nothing of.
        lost_items = awaiting.with_items(job_id, saved_items + 60).items_scraped
        worker.kill()
    crawls.assert_whole(given.job(whole.id), shop)
    assert job_id in frontiers.owners()
    with databases.scratch(pair) as url, storing_in(url):
        assert backup.restore(file) == 1
        job = given.job(job_id)
        assert (job.status, job.attempt, job.failures) == (JobStatus.PENDING, 1, 0)
        assert job.items_scraped == given.count("scraped_items", "last_job_id = :id", id=job_id)
        assert job.items_scraped < lost_items
        with working("--concurrency=1", **UNHURRIED):
            crawls.assert_whole(awaiting.ended(job_id), slow_shop)
        crawls.assert_whole(given.job(whole.id), shop)
        assert crawls.outcomes(job_id) == ["frontier_lost", "finished"]
