"""An upgrade without a pause: the earliest version and this one at work on one database.

The tables are brought up while workers of the earlier version crawl; workers of this version join
them, and the earlier ones leave. Nobody waits for anybody, and no job notices.
"""

from collections.abc import Iterator
from uuid import UUID

import pytest

from orchestrator import migrations, triggers
from orchestrator.ledger.models import JobStatus, Trigger
from tests import awaiting, databases, earlier_version
from tests.earlier_version import EarlierVersion
from tests.faults import crawls
from tests.faults.people import Person, at_a_dashboard
from tests.orchestrator.ledger import given
from tests.pair import Pair
from tests.scenes import storing_in
from tests.shops import OpenShop
from tests.workers import UNHURRIED, Worker, working

#: These are under way when the tables change, the next ones wait for a slot.
SLOW, WAITING = ("books", "tools"), ("lamps", "shoes")
TARGETS = (*SLOW, *WAITING, "chairs", "tables")


@pytest.fixture(scope="module")
def database(pair: Pair) -> Iterator[str]:
    """One without tables: an earlier version makes its own."""
    with databases.scratch(pair) as url, storing_in(url) as address:
        yield address


@pytest.fixture(scope="module")
def earlier(
    database: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> EarlierVersion:
    """The earlier version with tables of its own."""
    version = earlier_version.unpacked(tmp_path_factory.mktemp("earlier"))
    version.kumo(["migrate"])
    assert _tables() == earlier_version.ITS_TABLES
    assert not migrations.is_current()
    return version


@pytest.fixture(scope="module")
def earlier_worker(earlier: EarlierVersion) -> Iterator[Worker]:
    with working("--concurrency=2", root=earlier.root, **UNHURRIED) as worker:
        yield worker


@pytest.fixture(scope="module")
def earlier_person(earlier: EarlierVersion) -> Iterator[Person]:
    with at_a_dashboard(app=earlier_version.ITS_DASHBOARD, root=earlier.root) as person:
        yield person


@pytest.mark.timeout(240)
def test_every_job_outlives_an_upgrade_under_way(
    earlier: EarlierVersion,
    earlier_worker: Worker,
    earlier_person: Person,
    slow_shop: OpenShop,
) -> None:
    earlier.kumo(*(_addition(name, slow_shop) for name in TARGETS))
    first = _jobs(earlier.kumo(*(["run", name] for name in (*SLOW, *WAITING))))
    _wait_for_items(first[:2])

    assert "this version's tables" in earlier_version.kumo(["migrate"])

    assert migrations.is_current()
    assert [given.job(job_id).status for job_id in first[:2]] == [JobStatus.RUNNING] * 2
    with working("--concurrency=2", **UNHURRIED) as later_worker:
        awaiting.until(later_worker.crawlers, "a crawl by a worker of this version")
        assert given.job(first[0]).status is JobStatus.RUNNING
        for page in ("/", "/targets", "/jobs", f"/jobs/{first[0]}"):
            assert earlier_person.get(page).ok, page
        assert earlier_worker.stop() == 0
        (between,) = _jobs(earlier.kumo(["run", "chairs"]))
        after = triggers.request("tables", Trigger.DASHBOARD).job_id
        for job_id in (*first, between, after):
            crawls.assert_whole(awaiting.ended(job_id), slow_shop)
    assert _outcomes() == {"finished", "stopped"}
    assert given.count("scraping_jobs") == len(TARGETS)


def _addition(name: str, shop: OpenShop) -> list[str]:
    slowly = ["--setting", "CONCURRENT_REQUESTS=1"] if name in SLOW else []
    asked = ["--spider", "demo_shop", "--start-url", shop.url, "--schedule", crawls.ONCE_A_YEAR]
    return ["targets", "add", name, *asked, *slowly]


def _jobs(said: str) -> list[UUID]:
    """The jobs that `kumo run` has started."""
    return [UUID(line.removeprefix("Started. Job ID: ")) for line in said.splitlines()]


def _wait_for_items(job_ids: list[UUID]) -> None:
    """Until both are in mid-crawl; of the tables' columns only those that were always there."""
    enough = "SELECT FROM scraping_jobs WHERE id = ANY(:ids) AND items_scraped >= 10"
    awaiting.until(
        lambda: len(given.execute(enough, ids=job_ids)) == len(job_ids), "ten items of each job"
    )


def _tables() -> str:
    ((revision,),) = given.execute("SELECT version_num FROM alembic_version")
    return str(revision)


def _outcomes() -> set[str]:
    return {row.outcome for row in given.execute("SELECT DISTINCT outcome FROM crawls")}
