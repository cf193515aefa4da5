"""What people's spiders do to their own crawl: a page is given up, or that target alone fails.

One worker serves the module. The targets that the chosen tests look at are requested at once and
crawled side by side, one of them sound; each test waits for its own.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest

from orchestrator import triggers
from orchestrator.ledger.models import JobStatus, ScrapingJob, Trigger
from spiders_project import settings
from tests import awaiting, shops
from tests.orchestrator.ledger import given
from tests.projects import MODULES
from tests.shops import DAY, OpenShop, Shop
from tests.workers import Worker, working

#: The job, once it has ended.
Ended = Callable[[], ScrapingJob]

#: A crawl must have begun by then, on a busy machine too.
LEASE_SECONDS = 20
PAGES = 14
#: The product at which the harmful spiders do their harm.
SKU = min(product.sku for product in Shop(PAGES).products(DAY))

#: What a target is beside its name, where that is not its spider's.
TARGETS: dict[str, dict[str, Any]] = {
    "blocks": {"arguments": {"seconds": LEASE_SECONDS + 2}},
    "constructor_exits-0": {"arguments": {"status": 0}},
    "constructor_exits-75": {"arguments": {"status": 75}},
    "constructor_exits-255": {"arguments": {"status": 255}},
    "constructor_quits-0": {"arguments": {"status": 0}},
    "constructor_quits-255": {"arguments": {"status": -1}},
    # Before its page is given up, and after.
    "dies_at_once": {"max_attempts": 2},
    "dies_at_once-each_time": {"max_attempts": 3},
    "spins": {"max_attempts": 1},
    "stumbles_at_start": {"max_attempts": 2},
}
#: Harms that end the process, and what the reason says of each.
KILLING = {
    "exits_0": "status 0",
    "segfaults": "signal 11 (SIGSEGV)",
    "allocates": "256 MB is the most",
    "exits_75": "stuck or asleep",
    "exits_255": "status 255",
}

#: What a failed job says, beside that nothing was said.
CAUSES = {
    "constructor_exits-75": "stuck or asleep",
    "constructor_quits-0": "sys.exit(0)",
    "constructor_quits-255": "sys.exit(-1)",
}


@pytest.fixture(scope="module")
def shop() -> Iterator[OpenShop]:
    with shops.opened(PAGES) as shop:
        yield shop


@pytest.fixture(scope="module")
def worker(database: str, redis_url: str) -> Iterator[Worker]:
    limits = {"KUMO_LEASE_SECONDS": str(LEASE_SECONDS), "KUMO_JOB_MEMORY_MB": "256"}
    with working("--concurrency=6", KUMO_SPIDER_MODULES=MODULES, **limits) as worker:
        yield worker


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spiders")


@pytest.fixture(scope="module")
def job_ids(
    request: pytest.FixtureRequest, worker: Worker, shop: OpenShop, folder: Path
) -> dict[str, UUID]:
    """The jobs that the chosen tests look at, by the name of their target."""
    names = ["demo_shop"]
    for item in request.session.items:
        if item.path == request.path and isinstance(item, pytest.Function):
            names.append(item.callspec.params["ended"])
    return {name: _requested(name, shop, folder) for name in dict.fromkeys(names)}


@pytest.fixture
def ended(request: pytest.FixtureRequest, job_ids: dict[str, UUID]) -> Ended:
    """Waits for the job of the target that the test names."""
    return lambda: awaiting.ended(job_ids[request.param], seconds=90)


def _requested(name: str, shop: OpenShop, folder: Path) -> UUID:
    spider, _, what = name.partition("-")
    fields = {"spider": spider, "start_urls": [shop.url], "max_attempts": 3}
    if spider.startswith("harmful"):
        fields["arguments"] = {"sku": SKU, "harm": what}
    if spider == "leaves_company":
        fields["arguments"] = {"pids": str(folder / "pids")}
    given.a_target(name, **fields | TARGETS.get(name, {}))
    return triggers.request(name, Trigger.API).job_id


def looks_at(*names: str) -> pytest.MarkDecorator:
    """The test is run for the job of each target."""
    return pytest.mark.parametrize("ended", names, indirect=True)


def _skus(job: ScrapingJob) -> set[str]:
    rows = given.execute("SELECT data FROM scraped_items WHERE target_id = :id", id=job.target_id)
    assert job.items_scraped == job.items_new == len(rows)
    return {row.data["sku"] for row in rows}


def _is_whole(job: ScrapingJob, shop: OpenShop) -> bool:
    assert job.status is JobStatus.COMPLETED, job.error_message
    return _skus(job) == shop.products().keys()


def _is_whole_but_for_one(job: ScrapingJob, shop: OpenShop) -> bool:
    assert job.status is JobStatus.COMPLETED, job.error_message
    assert _charged(job).url == f"{shop.url}/products/{SKU}"
    return _skus(job) == shop.products().keys() - {SKU}


def _charged(job: ScrapingJob) -> Any:
    """The one page that was charged or given up."""
    (page,) = given.execute(
        "SELECT url, charges, reason, given_up_at FROM charged_pages WHERE job_id = :id", id=job.id
    )
    return page


def _outcomes(job: ScrapingJob) -> list[str]:
    rows = given.execute(
        "SELECT outcome FROM crawls WHERE job_id = :id ORDER BY attempt", id=job.id
    )
    return [row.outcome for row in rows]


# F24: a page that does harm


@pytest.mark.fault("F24", off="giving_up_pages_that_raise")
@looks_at(
    "harmful-raises",
    "harmful_function-raises",
    "harmful_coroutine-raises",
    "harmful_async_generator-raises",
)
def test_a_page_whose_callback_raises_is_given_up_at_once(ended: Ended, shop: OpenShop) -> None:
    job = ended()
    assert _is_whole_but_for_one(job, shop)
    assert (job.attempt, job.pages_given_up, job.errors) == (1, 1, 1)
    assert "nothing to see here" in _charged(job).reason
    assert "callback_does_harm" in _charged(job).reason


@pytest.mark.fault("F24", off="charging_pages")
@looks_at(
    "harmful-exits_0",
    "harmful-segfaults",
    "harmful-allocates",
    "harmful_function-segfaults",
    "harmful-exits_75",
    "harmful-exits_255",
    "harmful_coroutine-exits_0",
    "harmful_coroutine-segfaults",
    "harmful_async_generator-exits_0",
    "harmful_async_generator-segfaults",
)
def test_a_page_that_kills_its_crawler_is_given_up_and_the_rest_is_crawled(
    ended: Ended, shop: OpenShop, request: pytest.FixtureRequest
) -> None:
    job = ended()
    harm = request.node.callspec.params["ended"].partition("-")[2]
    assert _is_whole_but_for_one(job, shop)
    assert job.pages_given_up == 1
    assert _charged(job).charges <= 3
    assert job.attempt <= 4
    assert KILLING[harm] in _charged(job).reason


@pytest.mark.fault("F24", off="quitting_is_an_error")
@looks_at("harmful-quits")
def test_a_page_whose_callback_quits_is_given_up_at_once(ended: Ended, shop: OpenShop) -> None:
    job = ended()
    assert _is_whole_but_for_one(job, shop)
    assert (job.attempt, job.pages_given_up) == (1, 1)
    assert "sys.exit('enough')" in _charged(job).reason


@pytest.mark.fault("F24", off="exit_status_0_is_no_success")
@looks_at("harmful-exits_0")
def test_a_crawler_that_leaves_with_status_0_has_not_succeeded(ended: Ended) -> None:
    job = ended()
    assert "finished" not in _outcomes(job)[:-1]
    assert _outcomes(job)[0] == "crawler_error"


@pytest.mark.fault("F24", off="stopping_what_does_not_return")
@looks_at(
    "harmful-spins",
    "harmful-holds",
    "harmful_coroutine-spins",
    "harmful_async_generator-holds",
)
def test_a_page_whose_callback_never_returns_is_given_up(ended: Ended, shop: OpenShop) -> None:
    job = ended()
    assert _is_whole_but_for_one(job, shop)
    assert set(_outcomes(job)) == {"stuck", "finished"}
    assert _charged(job).charges <= 3


@pytest.mark.fault("F24", off="stopping_what_does_not_return")
@looks_at("harmful-spins", "harmful-holds")
def test_a_page_that_was_given_up_as_stuck_names_file_and_line(ended: Ended) -> None:
    job = ended()
    assert "callback_does_harm/spiders.py" in _charged(job).reason
    assert "line " in _charged(job).reason


@pytest.mark.fault("F24", off="stopping_what_does_not_return")
@looks_at("spins")
def test_a_job_that_failed_as_stuck_names_file_and_line(ended: Ended) -> None:
    """A regular expression that would take years, with the interpreter held."""
    job = ended()
    assert (job.status, job.finish_reason) == (JobStatus.FAILED, "stuck")
    assert "callback_spins" in (job.error_message or "")
    assert "in parse" in (job.error_message or "")
    assert settings.KUMO_STUCK_SECONDS <= 60


@pytest.mark.fault("F24", off="giving_up_pages_that_raise")
@looks_at("harmful_errback-raises")
def test_a_page_whose_errback_raises_is_given_up_at_once(ended: Ended, shop: OpenShop) -> None:
    job = ended()
    assert _is_whole(job, shop)
    assert job.attempt == 1
    assert _charged(job).url == f"{shop.url}/products/{SKU}-not"
    assert "nothing to see here" in _charged(job).reason


@pytest.mark.fault("F24", off="charging_pages")
@looks_at("harmful_errback-exits_0", "harmful_errback-segfaults")
def test_a_page_whose_errback_kills_its_crawler_is_given_up(ended: Ended, shop: OpenShop) -> None:
    job = ended()
    assert _is_whole(job, shop)
    assert _charged(job).url == f"{shop.url}/products/{SKU}-not"
    assert _charged(job).charges <= 3


# F25, F27: a target that cannot be crawled


@pytest.mark.fault("F25", off="causes_of_death")
@looks_at("dies_at_once")
def test_a_target_that_always_crashes_fails_with_the_cause(ended: Ended) -> None:
    job = ended()
    assert job.status is JobStatus.FAILED
    assert "killed by signal 6 (SIGABRT)" in (job.error_message or "")
    assert "process_dies" in (job.error_message or "")


@pytest.mark.fault("F25", off="charging_pages")
@looks_at("dies_at_once-each_time")
def test_a_target_whose_start_page_was_given_up_says_so_and_is_not_tried_again(
    ended: Ended,
) -> None:
    job = ended()
    assert (job.status, job.attempt) == (JobStatus.FAILED, 4)
    assert "given up" in (job.error_message or "")
    assert "killed by signal 6 (SIGABRT)" in _charged(job).reason


@pytest.mark.fault("F25", off="counting_failures")
@looks_at(
    "constructor_exits-0",
    "constructor_quits-0",
    "constructor_exits-75",
    "constructor_exits-255",
    "constructor_quits-255",
)
def test_a_spider_that_leaves_as_it_is_made_fails_within_its_attempts(
    ended: Ended, request: pytest.FixtureRequest
) -> None:
    job = ended()
    name = request.node.callspec.params["ended"]
    assert (job.status, job.attempt) == (JobStatus.FAILED, 3)
    assert CAUSES.get(name, "without a word") in (job.error_message or "")


@pytest.mark.fault("F25", off="stopping_what_does_not_return")
@looks_at("constructor_hangs")
def test_a_spider_that_hangs_fails_within_its_attempts_and_names_the_line(ended: Ended) -> None:
    job = ended()
    assert (job.status, job.finish_reason) == (JobStatus.FAILED, "stuck")
    assert "spiders.py" in (job.error_message or "")


@pytest.mark.fault("F25", off="constructors_named")
@looks_at("constructor_raises", "wants_a_city")
def test_a_constructor_that_raises_fails_its_job_at_once(ended: Ended) -> None:
    job = ended()
    assert (job.status, job.finish_reason, job.attempt) == ("failed", "wrong_arguments", 1)
    assert (job.error_message or "").startswith("The spider could not be made from its arguments: ")
    assert "city" in (job.error_message or "") or "cities" in (job.error_message or "")


@pytest.mark.fault("F27", off="errors_in_start")
@looks_at("stumbles_at_start")
def test_an_error_in_start_is_a_failure_whatever_pages_came_before(ended: Ended) -> None:
    job = ended()
    assert (job.status, job.finish_reason) == (JobStatus.FAILED, "start_error")
    assert "the list of cities is gone" in (job.error_message or "")


# F26: a module that does not import


@pytest.mark.fault("F26", off="a_forgiving_loader")
@looks_at("unseen")
def test_a_spider_that_does_not_import_fails_at_once_with_the_reason(
    ended: Ended, job_ids: dict[str, UUID]
) -> None:
    job = ended()
    assert (job.status, job.finish_reason, job.attempt) == ("failed", "spider_unknown", 1)
    assert (job.error_message or "").startswith("There is no spider 'unseen'")
    broken = "tests.projects.spider_does_not_import.spiders: ModuleNotFoundError"
    assert broken in (job.error_message or "")
    sound = awaiting.ended(job_ids["demo_shop"])
    assert sound.status is JobStatus.COMPLETED, sound.error_message


# What is odd and no harm


@pytest.mark.fault("F24", off="heartbeat_while_blocked")
@looks_at("blocks")
def test_a_callback_that_blocks_the_loop_for_longer_than_the_lease_keeps_its_job(
    ended: Ended, shop: OpenShop
) -> None:
    job = ended()
    assert _is_whole(job, shop)
    assert _outcomes(job) == ["finished"]


@pytest.mark.fault("F25", off="record_on_top")
@looks_at("unseats_the_record")
def test_a_spiders_own_settings_cannot_take_the_record_away(ended: Ended, shop: OpenShop) -> None:
    job = ended()
    assert _is_whole(job, shop)
    assert _outcomes(job) == ["finished"]


@pytest.mark.fault("F25", off="record_beside_their_addons")
@looks_at("brings_an_addon")
def test_a_spiders_own_addons_cannot_take_the_record_away(ended: Ended, shop: OpenShop) -> None:
    job = ended()
    assert _is_whole(job, shop)
    assert _outcomes(job) == ["finished"]


@pytest.mark.fault("F25", off="counting_failures")
@looks_at("closes_everything")
def test_a_spider_that_closes_all_files_fails_within_its_attempts(ended: Ended) -> None:
    job = ended()
    assert (job.status, job.attempt) == (JobStatus.FAILED, 3)
    assert "killed by signal" in (job.error_message or "")


@pytest.mark.fault("F25", off="no_word_is_no_success")
@looks_at("closes_its_pipes")
def test_a_spider_that_closes_the_pipe_to_its_launcher_is_crawled_whole(
    ended: Ended, shop: OpenShop
) -> None:
    """What it has done is not believed before another attempt has proven it."""
    job = ended()
    assert _is_whole(job, shop)
    assert _outcomes(job)[-1] == "finished"


@pytest.mark.fault("F4", off="hearing_the_signal")
@looks_at("signals_itself")
def test_a_crawl_that_somebody_else_tells_to_stop_goes_on_uncharged(
    ended: Ended, shop: OpenShop
) -> None:
    job = ended()
    assert _is_whole(job, shop)
    assert job.failures == 0
    assert _outcomes(job) == ["stopped", "finished"]


@pytest.mark.fault("F25", off="leaving_at_once")
@looks_at("leaves_company")
def test_a_crawl_ends_whatever_its_spider_leaves_behind(ended: Ended, shop: OpenShop) -> None:
    job = ended()
    assert _is_whole(job, shop)
    assert _outcomes(job) == ["finished"]


@pytest.mark.fault("F25", off="leaving_at_once")
@looks_at("leaves_company")
def test_what_a_spider_started_ends_with_its_crawl(ended: Ended, folder: Path) -> None:
    ended()
    pids = map(int, (folder / "pids").read_text().split())
    left = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    for process in left:
        process.kill()
    assert not left
