"""How long does a page take, of a database as large as is promised?"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from flask import Flask

from benchmarks import filled, page_examples
from benchmarks.addressed import addressed
from benchmarks.installation import Installation
from benchmarks.large_database import filling
from benchmarks.page_examples import EXAMPLES, Example
from benchmarks.page_meter import PageMeter
from benchmarks.page_rows import PageRows
from benchmarks.question import Contender, Measure, Question, Reach, Sample
from dashboard import create_app
from orchestrator import database
from orchestrator.ledger import listings


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    url = filled.database(installation, 1, quick=quick)
    with addressed(url):
        filling.wake(url)
        app = create_app()
        page_examples.check(app)
        meter = PageMeter(app, database.engine())
        meter.sign_in("admin", filling.PASSWORD)
        for target_id, view in page_examples.LISTED:
            with database.transaction() as session:
                listing_id = listings.ask(session, target_id, view)
            listings.make(listing_id)
        with database.transaction() as session:
            rows = PageRows(session)
        # As the served app does; see dashboard.wsgi.
        gc.collect()
        gc.freeze()
        yield {each.name: partial(_turn, each, app, rows, meter) for each in EXAMPLES}


def _turn(example: Example, app: Flask, rows: PageRows, meter: PageMeter) -> Sample:
    return meter.ask(example.path(app, rows))


QUESTION = Question(
    name="pages",
    title="Pages of 1,000,000 jobs and 10,000,000 items",
    measures=(
        Measure("time", "ms", tail=True),
        Measure("CPU of Kumo", "ms"),
        Measure("SQL", "ms"),
        Measure("statements", "each"),
        Measure("size", "KB", tail=True),
    ),
    rounds=100,
    prepare=prepare,
    rivals=False,
    long=True,
    reaches=(Reach("the slowest page, p95", "time", 50, tail=True, worst=True),),
)
