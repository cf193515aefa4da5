"""What does a whole crawl cost that records everything, one item a page?

Bare Scrapy keeps its queue in memory and throws its items away: the least that can be done.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from benchmarks import crawl_costs, kumo, scrapy_crawl, shop
from benchmarks.installation import Installation
from benchmarks.question import Contender, Question, Reach, Sample
from benchmarks.rivals import BARE

PAGES, PAGES_QUICK = 5_000, 20


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    pages = PAGES_QUICK if quick else PAGES
    site = shop.opened(installation, pages)
    installation.kumo_worker()
    target_id = kumo.register("whole-crawl", "shop", site.url)
    size = {"items": site.products, "pages": pages}

    def crawl_kumo() -> Sample:
        def crawl() -> None:
            kumo.wait_for([kumo.press_run(target_id)], items=site.products)

        return crawl_costs.of(crawl, installation.meter_file, **size)

    def crawl_with(settings: str) -> Contender:
        crawl = partial(scrapy_crawl.crawl, installation, settings, "shop", site.url)
        return partial(crawl, **size)

    yield {
        kumo.NAME: crawl_kumo,
        BARE: crawl_with("bare_scrapy"),
        "scrapy-redis + commit per item": crawl_with("scrapy_redis"),
    }


QUESTION = Question(
    name="whole-crawl",
    title=f"A crawl of {PAGES:,} pages, one item a page",
    measures=crawl_costs.MEASURES,
    rounds=5,
    prepare=prepare,
    warm=False,
    reaches=(
        Reach("pages/s of a recorded crawl", "speed", 1.5, against=BARE, at_least=True),
        Reach("its CPU", "CPU", 0.65, against=BARE),
        Reach("its memory", "peak memory", 1.0, against=BARE),
    ),
)
