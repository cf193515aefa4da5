"""What does a whole crawl cost that records everything, one item a page?

Bare Scrapy keeps its queue in memory and throws its items away: the least that can be done.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from benchmarks import crawl_costs, kumo, scrapy_crawl, shop
from benchmarks.installation import Installation
from benchmarks.question import Contender, Question, Sample

PAGES, PAGES_QUICK = 2_000, 20


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    pages = PAGES_QUICK if quick else PAGES
    with shop.opened(installation, pages) as site, installation.kumo_worker(metered=True):
        target_id = kumo.register("whole-crawl", "shop", site.url)

        def crawl_kumo() -> Sample:
            kumo.wait_for([kumo.press_run(target_id)], items=site.products)
            return crawl_costs.read(installation.meter_file, items=site.products, pages=pages)

        def crawl_with(settings: str) -> Contender:
            crawl = partial(scrapy_crawl.crawl, installation, settings, "shop", site.url)
            return partial(crawl, items=site.products, pages=pages)

        yield {
            kumo.NAME: crawl_kumo,
            "bare Scrapy, in memory": crawl_with("bare_scrapy"),
            "scrapy-redis + commit per item": crawl_with("scrapy_redis"),
        }


QUESTION = Question(
    name="whole-crawl",
    title=f"A crawl of {PAGES:,} pages, one item a page",
    measures=crawl_costs.MEASURES,
    rounds=7,
    prepare=prepare,
)
