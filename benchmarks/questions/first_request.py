"""How long is it from a press of Run to the first request at the site?

The site itself says when that request arrived, so nothing that a contender reports is believed.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import kumo, shop
from benchmarks.installation import Installation
from benchmarks.question import Contender, Measure, Question, Sample

PAGES = 10


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    from benchmarks.rivals.celery_subprocess import scrape  # it reads where the installation is

    with (
        shop.opened(installation, PAGES) as site,
        installation.kumo_worker(),
        installation.rival_worker(),
    ):
        target_id = kumo.register("first-request", "shop", site.url, cached=True)

        def press_kumo() -> Sample:
            site.forget()
            pressed_at = time.time()
            kumo.wait_for([kumo.press_run(target_id)], items=site.products)
            return _sample(site, pressed_at)

        def press_rival() -> Sample:
            site.forget()
            pressed_at = time.time()
            scrape.delay("first-request", site.url).get(timeout=120)
            return _sample(site, pressed_at)

        yield {kumo.NAME: press_kumo, "Celery + subprocess scrapy crawl": press_rival}


def _sample(site: shop.OpenShop, pressed_at: float) -> Sample:
    done_at = time.time()
    return {
        "first request": (site.first_request_at() - pressed_at) * 1_000,
        "ten pages done": (done_at - pressed_at) * 1_000,
    }


QUESTION = Question(
    name="first-request",
    title="From the button to the first request at the site",
    measures=(Measure("first request", "ms", tail=True), Measure("ten pages done", "ms")),
    rounds=30,
    prepare=prepare,
)
