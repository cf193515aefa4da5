"""How long does a page take, of a database as large as is promised?"""

import gc
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

import click
import psycopg2
from flask import Flask

from benchmarks import page_examples
from benchmarks.addressed import addressed
from benchmarks.installation import Installation
from benchmarks.large_database import filling
from benchmarks.large_database.amounts import Amounts
from benchmarks.page_examples import EXAMPLES, Example
from benchmarks.page_meter import PageMeter
from benchmarks.page_rows import PageRows
from benchmarks.question import Contender, Measure, Question, Sample
from dashboard import create_app
from orchestrator import database, migrations
from orchestrator.ledger import listings

_SMALL = 0.000_5


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    url = installation.large_database or _made(_SMALL if quick else 1)
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


def _made(scale: float) -> str:
    """The address of a database of that size, beside the one of the installation."""
    url = str(database.engine().url.set(drivername="postgresql").render_as_string(False))
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        connection.cursor().execute("CREATE DATABASE large")
    large = url.rpartition("/")[0] + "/large"
    with addressed(large):
        migrations.upgrade()
    filling.fill(large, Amounts(scale), tell=lambda what: click.echo(f"pages: {what}", err=True))
    return large


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
)
