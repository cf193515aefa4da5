"""What does a crawl cost whose pages give fifty items each?"""

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import crawl_costs, kumo, scrapy_crawl
from benchmarks.installation import Installation
from benchmarks.list_site import ITEMS_A_PAGE
from benchmarks.question import Contender, Question, Sample

PAGES, PAGES_QUICK = 300, 4


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    pages = PAGES_QUICK if quick else PAGES
    items = pages * ITEMS_A_PAGE
    with (
        installation.site("benchmarks.list_site", "--pages", str(pages)) as url,
        installation.kumo_worker(metered=True),
    ):
        target_id = kumo.register("many-items", "lists", url)

        def crawl_kumo() -> Sample:
            kumo.wait_for([kumo.press_run(target_id)], items=items)
            return crawl_costs.read(installation.meter_file, items=items, pages=pages)

        def crawl_bare() -> Sample:
            return scrapy_crawl.crawl(
                installation, "bare_scrapy", "lists", url, items=items, pages=pages
            )

        yield {kumo.NAME: crawl_kumo, "bare Scrapy, in memory": crawl_bare}


QUESTION = Question(
    name="many-items",
    title=f"A crawl of {PAGES:,} pages, {ITEMS_A_PAGE} items a page",
    measures=crawl_costs.MEASURES,
    rounds=7,
    prepare=prepare,
)
