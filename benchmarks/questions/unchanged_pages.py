"""What does it cost to keep pages, and what does it spare to be told that they are unchanged?"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import text

from benchmarks import crawl_costs, kumo, shop
from benchmarks.installation import Installation
from benchmarks.question import Contender, Question, Sample
from orchestrator import database

PAGES, PAGES_QUICK = 2_000, 20


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    pages = PAGES_QUICK if quick else PAGES
    site = shop.opened(installation, pages)
    installation.kumo_worker()

    def crawl_of(name: str, *, cached: bool) -> Callable[[], Sample]:
        target_id = kumo.register(name, "shop", site.url, cached=cached)

        def crawl() -> None:
            kumo.wait_for([kumo.press_run(target_id)], items=site.products)

        size = {"items": site.products, "pages": pages}
        return lambda: crawl_costs.of(crawl, installation.meter_file, **size)

    crawl_first = crawl_of("first", cached=True)
    crawl_again = crawl_of("again", cached=True)
    crawl_again()

    def forget_and_crawl() -> Sample:
        _forget_pages_of("first")
        return crawl_first()

    yield {
        kumo.NAME: forget_and_crawl,
        "without the cache": crawl_of("without", cached=False),
        "pages unchanged": crawl_again,
    }


def _forget_pages_of(name: str) -> None:
    sql = (
        "DELETE FROM cached_pages"
        " WHERE target_id = (SELECT id FROM scraping_targets WHERE name = :name)"
    )
    with database.transaction() as session:
        session.execute(text(sql), {"name": name})


QUESTION = Question(
    name="unchanged-pages",
    title=f"A first crawl of {PAGES:,} pages, all of which are kept",
    measures=crawl_costs.MEASURES,
    rounds=5,
    prepare=prepare,
    warm=False,
)
