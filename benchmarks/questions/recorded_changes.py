"""What does it cost a crawl that items have changed, and that what they were is kept?

Compared with the same pages read again unchanged, so the new data themselves are counted too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from benchmarks import crawl_costs, kumo, shop
from benchmarks.installation import Installation
from benchmarks.question import Contender, Question
from demo.catalogue import PRICE_DAYS
from orchestrator import database
from orchestrator.ledger import targets

PAGES, PAGES_QUICK = 2_000, 20
_FIRST_DAY = 300


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    pages = PAGES_QUICK if quick else PAGES
    site = shop.opened(installation, pages)
    installation.kumo_worker()

    def crawl_every(name: str, days: int) -> Contender:
        target_id = kumo.register(name, "shop", site.url)
        later = count(_FIRST_DAY, days)

        def crawl() -> None:
            _move_to(target_id, f"{site.url}/?day={next(later)}")
            kumo.wait_for([kumo.press_run(target_id)], items=site.products)

        crawl()
        size = {"items": site.products, "pages": pages}
        return lambda: crawl_costs.of(crawl, installation.meter_file, **size)

    yield {
        kumo.NAME: crawl_every("weekly", PRICE_DAYS),
        "a third of the items changed": crawl_every("daily", 1),
        "nothing changed": crawl_every("unchanged", 0),
    }


def _move_to(target_id: int, url: str) -> None:
    with database.transaction() as session:
        target = targets.find(session, target_id)
        targets.change(session, target, {"arguments": {"start_url": url}})


QUESTION = Question(
    name="recorded-changes",
    title=f"A crawl of {PAGES:,} pages, every price changed",
    measures=crawl_costs.MEASURES,
    rounds=5,
    prepare=prepare,
    warm=False,
)
