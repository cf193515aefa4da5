"""The rhythm of the checkpoint, on a real Postgres; the crawl has no pages."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.settings import Settings
from scrapy.statscollectors import StatsCollector

from orchestrator.ledger.latencies import FRONTIER, Latencies
from spiders_project.checkpoint import Checkpoint
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")


def crawler_without_pages() -> Any:
    crawler: Any = SimpleNamespace(settings=Settings())
    crawler.stats = StatsCollector(crawler)
    scheduler = SimpleNamespace(
        depart=list, acknowledge=lambda pages: None, trips=Latencies(FRONTIER), trouble=None
    )
    crawler.engine = SimpleNamespace(scheduler=scheduler)
    return crawler


async def close_soon_after_hurry(steps: int) -> None:
    claim = given.claim(given.a_job(given.a_target()))
    assert claim is not None
    checkpoint = Checkpoint(crawler_without_pages(), claim)
    checkpoint.spider_opened()
    # It waits for the next second by then.
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    checkpoint._hurry.set()
    for _ in range(steps):
        await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await checkpoint.close()
    checkpoint.finish_log()


@pytest.mark.parametrize("steps", range(4))
def test_it_closes_whatever_comes_in_the_same_moment(steps: int) -> None:
    asyncio.run(close_soon_after_hurry(steps))
