"""Facts about Scrapy and the crawler process that the crawl rests on, seen from inside a crawl."""

from collections.abc import Iterator

import pytest

from tests import scraping, shops
from tests.shops import OpenShop

TELLING = {"KUMO_SPIDER_MODULES": "tests.projects.tells_of_itself.spiders"}


@pytest.fixture(scope="module")
def shop() -> Iterator[OpenShop]:
    with shops.opened(5) as shop:
        yield shop


def test_a_request_is_in_progress_until_its_items_have_passed_the_pipelines(
    shop: OpenShop,
) -> None:
    """`engine._slot.inprogress` is private: only so does the frontier know what has left."""
    crawl = scraping.scrapy(
        "crawl", "tells_of_the_slot", "-a", f"start_url={shop.url}", "-s", "LOG_LEVEL=ERROR",
        **TELLING,
    )  # fmt: skip
    status, said, logged = scraping.ended(crawl)
    assert status == 0, logged
    whens = ["after the item was yielded", "callback", "item through the pipelines", "on its way"]
    during = sorted((when, True) for when in whens)
    assert said.strip() == f"during: {during} after: False", logged


def test_the_engine_runs_on_uvloop(shop: OpenShop) -> None:
    crawl = scraping.scrapy(
        "crawl", "tells_of_its_loop", "-a", f"start_url={shop.url}", "-O", "-:jsonlines", **TELLING
    )
    status, said, logged = scraping.ended(crawl)
    assert status == 0, logged
    (item,) = scraping.items_of(said)
    assert item["module"].startswith("uvloop")
