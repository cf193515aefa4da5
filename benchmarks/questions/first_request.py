"""How long is it from a press of Run to the first request at the site?

The site itself says when that request arrived, so nothing that a contender reports is believed.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks import kumo, scrapyd, shop
from benchmarks.installation import Installation
from benchmarks.question import Contender, Measure, Question, Reach, Sample
from benchmarks.rivals import CELERY

PAGES = 10


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    from benchmarks.rivals.celery_subprocess import scrape  # it reads where the installation is

    site = shop.opened(installation, PAGES)
    installation.kumo_worker()
    installation.rival_worker()
    target_id = kumo.register("first-request", "shop", site.url, cached=True)

    def press_kumo() -> None:
        kumo.wait_for([kumo.press_run(target_id)], items=site.products)

    def press_celery() -> None:
        scrape.delay("first-request", site.url).get(timeout=120)

    def schedule(name: str) -> Callable[[], None]:
        rival = scrapyd.running(installation, name)
        return lambda: rival.crawl([name], site.url, items=site.products)

    presses = {
        kumo.NAME: press_kumo,
        scrapyd.TUNED: schedule(scrapyd.TUNED),
        CELERY: press_celery,
    }
    if not quick:
        presses[scrapyd.DEFAULT] = schedule(scrapyd.DEFAULT)
    yield {name: _timed(press, site) for name, press in presses.items()}


def _timed(press: Callable[[], None], site: shop.OpenShop) -> Contender:
    def turn() -> Sample:
        site.forget()
        pressed_at = time.time()
        press()
        done_at = time.time()
        return {
            "first request": (site.first_request_at() - pressed_at) * 1_000,
            "ten pages done": (done_at - pressed_at) * 1_000,
        }

    return turn


QUESTION = Question(
    name="first-request",
    title="From the button to the first request at the site",
    measures=(Measure("first request", "ms", tail=True), Measure("ten pages done", "ms")),
    rounds=50,
    prepare=prepare,
    reaches=(
        Reach("button to first request", "first request", 0.055, against=scrapyd.TUNED),
        Reach("the same, p95", "first request", 0.06, against=scrapyd.TUNED, tail=True),
    ),
)
