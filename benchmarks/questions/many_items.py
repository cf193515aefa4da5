"""What does a crawl cost whose pages give fifty items each?"""

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import crawl_costs, kumo, scrapy_crawl
from benchmarks.installation import Installation
from benchmarks.list_site import ITEMS_A_PAGE
from benchmarks.question import Contender, Question, Reach, Sample
from benchmarks.rivals import BARE

PAGES, PAGES_QUICK = 1_000, 4


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    pages = PAGES_QUICK if quick else PAGES
    items = pages * ITEMS_A_PAGE
    url = installation.site("benchmarks.list_site", "--pages", str(pages))
    installation.kumo_worker()
    target_id = kumo.register("many-items", "lists", url)

    def crawl_kumo() -> Sample:
        def crawl() -> None:
            kumo.wait_for([kumo.press_run(target_id)], items=items)

        return crawl_costs.of(crawl, installation.meter_file, items=items, pages=pages)

    def crawl_bare() -> Sample:
        return scrapy_crawl.crawl(
            installation, "bare_scrapy", "lists", url, items=items, pages=pages
        )

    yield {kumo.NAME: crawl_kumo, BARE: crawl_bare}


QUESTION = Question(
    name="many-items",
    title=f"A crawl of {PAGES:,} pages, {ITEMS_A_PAGE} items a page",
    measures=crawl_costs.MEASURES,
    rounds=5,
    prepare=prepare,
    warm=False,
    reaches=(Reach("pages/s with 50 items a page", "speed", 1.1, against=BARE, at_least=True),),
)
