from pathlib import Path

import pytest

from demo.catalogue import FEWEST_PAGES, MOST_PAGES, Shop
from orchestrator.chaos import site
from orchestrator.chaos.interruption import Interruption
from orchestrator.exceptions import EmbeddedFailed


def test_it_sells_what_its_sitemap_says(tmp_path: Path) -> None:
    with site.opened(30, tmp_path, Interruption()) as shop:
        assert shop.keys == {product.sku for product in Shop(30).products(site._DAY)}
        before = shop.asked()
        shop._get("/")
        assert shop.asked() == before + 1


def test_a_large_one_has_several_sitemaps(tmp_path: Path) -> None:
    with site.opened(10_100, tmp_path, Interruption()) as shop:
        assert len(shop.keys) == Shop(10_100).size


def test_its_bounds_are_those_of_the_demo_shop() -> None:
    assert (site.FEWEST_PAGES, site.MOST_PAGES) == (FEWEST_PAGES, MOST_PAGES)


def test_a_site_that_does_not_start_is_told_in_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedFailed, match=r"The site to crawl is not running; it said: .*4"):
        with site.opened(4, tmp_path, Interruption()):
            pytest.fail("it has too few pages")


def test_who_asked_to_stop_need_not_wait_for_it(tmp_path: Path) -> None:
    asked = Interruption()
    asked.ask()
    with pytest.raises(KeyboardInterrupt):
        with site.opened(30, tmp_path, asked):
            pytest.fail("nobody wants it any more")
