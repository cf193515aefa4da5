"""How the launcher reports the end of real crawler processes."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import forkserver
from typing import Any

import psutil
import pytest

from orchestrator import config, launcher
from orchestrator.ledger.claims import Claim
from orchestrator.ledger.ends import End, Ending
from tests import awaiting, shops
from tests.orchestrator.ledger import given
from tests.projects import MODULES
from tests.shops import OpenShop


@pytest.fixture(scope="module")
def shop() -> Iterator[OpenShop]:
    with shops.opened(30) as shop:
        yield shop


@pytest.fixture
def launching(
    database: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[pytest.MonkeyPatch]:
    """A forkserver of this test's own: it keeps the environment it was started in."""
    monkeypatch.setenv("KUMO_SPIDER_MODULES", MODULES)
    config.get.cache_clear()
    _stop_forkserver()
    yield monkeypatch
    launcher.stopping.clear()
    _stop_forkserver()


def _stop_forkserver() -> None:
    forkserver._forkserver._stop()  # type: ignore[attr-defined]


def _claim(spider: str, shop: OpenShop) -> Claim:
    name = f"{spider}-{given.count('scraping_targets')}"
    target_id = given.a_target(name, spider=spider, start_urls=[shop.url])
    claim = given.claim(given.a_job(target_id))
    assert claim is not None
    return claim


def _crawlers() -> list[psutil.Process]:
    children = psutil.Process().children()
    servers = [child for child in children if "forkserver" in " ".join(child.cmdline())]
    return [crawler for server in servers for crawler in server.children()]


def test_ends_are_told_as_they_were(launching: Any, shop: OpenShop) -> None:
    """One forkserver for all of these: it takes longest to start."""
    clean = launcher.run(_claim("demo_shop", shop))
    assert (clean.ending, clean.reason, clean.message) == (Ending.COMPLETED, "finished", None)
    assert clean.stats
    assert clean.stats["item_scraped_count"] == len(shop.products())

    unknown = launcher.run(_claim("no_such_spider", shop))
    assert (unknown.ending, unknown.reason) == (Ending.IMPOSSIBLE, "spider_unknown")

    aborted = launcher.run(_claim("dies_at_once", shop))
    assert (aborted.ending, aborted.reason) == (Ending.DIED, "signal_6")
    assert aborted.message
    assert "SIGABRT" in aborted.message

    silent = launcher.run(_claim("exits", shop))
    assert (silent.ending, silent.reason) == (Ending.DIED, "crawler_error")
    assert silent.message
    assert silent.message.startswith("The crawler exited with status 7 and without a word.")

    stuck = launcher.run(_claim("spins", shop))
    assert (stuck.ending, stuck.reason) == (Ending.BROKEN, "stuck")

    refused = _claim("demo_shop", shop)
    refused.definition["settings"] = {"ITEM_PIPELINES": {"os.system": 1}}
    end = launcher.run(refused)
    assert (end.ending, end.reason) == (Ending.IMPOSSIBLE, "settings_refused")

    assert awaiting.until(lambda: not _crawlers(), "no crawler left")


def test_a_redis_that_is_away_as_the_crawl_begins_is_no_fault_of_it(
    launching: pytest.MonkeyPatch, shop: OpenShop
) -> None:
    launching.setenv("KUMO_SPIDER_MODULES", "")
    launching.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    end = launcher.run(_claim("demo_shop", shop))
    assert (end.ending, end.reason) == (Ending.HANDED_BACK, "storage_away")


def test_a_lost_forkserver_is_no_fault_of_the_crawl(launching: Any, shop: OpenShop) -> None:
    claim = _claim("endless", shop)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(launcher.run, claim)
        crawler = awaiting.until(_crawlers, "a crawler")[0]
        crawler.parent().kill()
        end = running.result(timeout=20)
    assert (end.ending, end.reason) == (Ending.HANDED_BACK, "forkserver_lost")
    assert psutil.wait_procs([crawler], timeout=5)[0] == [crawler]


def test_a_worker_told_to_stop_hands_its_crawls_back(launching: Any, shop: OpenShop) -> None:
    launching.setenv("KUMO_STOP_SECONDS", "2")
    config.get.cache_clear()
    claim = _claim("endless", shop)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(launcher.run, claim)
        awaiting.until(lambda: given.count("scraping_jobs", "pages > 0"), "a page")
        launcher.stopping.set()
        end: End = running.result(timeout=20)
    assert (end.ending, end.reason) == (Ending.HANDED_BACK, "stopped")


def test_nothing_of_the_spiders_is_loaded_by_the_launcher() -> None:
    """The only way from here to there is a module's name."""
    code = """
        import sys, orchestrator.launcher, orchestrator.tasks, orchestrator.worker
        loaded = [name for name in sys.modules if name.split(".")[0] in ("scrapy", "twisted")]
        assert not loaded, loaded
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, env=os.environ)


def test_a_worker_holds_no_recipes() -> None:
    """They take 8 MB, and only who checks a target or reads a page needs them."""
    code = """
        import sys, orchestrator.launcher, orchestrator.tasks, orchestrator.worker
        loaded = [name for name in sys.modules if name.startswith("orchestrator.ledger.recipes")]
        assert not loaded, loaded
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, env=os.environ)
