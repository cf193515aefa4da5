"""How many small items does a crawl store in a second, whose pages give a thousand each?

COPY into the same table, with the same indexes and the same rows, is the most that Postgres takes
from one client. It compares nothing with what was there, and nobody can tell what it has seen.
"""

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import StringIO
from itertools import count
from typing import Any

import psycopg2
from psycopg2 import sql

from benchmarks import beside, kumo
from benchmarks.installation import Installation
from benchmarks.list_site import RECORDS_A_PAGE
from benchmarks.question import Contender, Measure, Question, Reach, Sample
from benchmarks.rivals import COPY

PAGES, PAGES_QUICK = 100, 1

_COLUMNS = (
    "SELECT column_name FROM information_schema.columns"
    " WHERE table_name = 'scraped_items' AND column_name <> 'id' ORDER BY ordinal_position"
)


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    pages = PAGES_QUICK if quick else PAGES
    items = pages * RECORDS_A_PAGE
    url = installation.site("benchmarks.list_site", "--records", "--pages", str(pages))
    installation.kumo_worker()
    there = beside.opened(installation, "copied")
    numbers = count()

    def crawl() -> int:
        target_id = kumo.register(f"items-stored-{next(numbers)}", "records", url)
        kumo.wait_for([kumo.press_run(target_id)], items=items)
        return target_id

    def crawl_kumo() -> Sample:
        began = time.perf_counter()
        crawl()
        return {"items": items / (time.perf_counter() - began)}

    crawled = crawl()

    with (
        closing(psycopg2.connect(os.environ["DATABASE_URL"])) as source,
        closing(psycopg2.connect(there.database_url)) as copied,
    ):

        def copy() -> Sample:
            claim = there.ask(kumo.claimed, f"copied-{next(numbers)}")
            changed = {"target_id": claim.target_id, **dict.fromkeys(_JOBS, claim.job_id)}
            rows = _rows(source, crawled, changed)
            began = time.perf_counter()
            with copied, copied.cursor() as cursor:
                cursor.copy_expert(_copy("COPY scraped_items ({}) FROM STDIN", source), rows)
            return {"items": items / (time.perf_counter() - began)}

        yield {kumo.NAME: crawl_kumo, COPY: copy}


_JOBS = ("first_job_id", "last_job_id")


def _rows(source: Any, target_id: int, changed: dict[str, Any]) -> StringIO:
    """The items of a target, as those of another target and job."""
    rows = StringIO()
    with source, source.cursor() as cursor:
        values = [
            sql.Literal(changed[name]) if name in changed else sql.Identifier(name)
            for name in _columns(source)
        ]
        query = sql.SQL("COPY (SELECT {} FROM scraped_items WHERE target_id = {}) TO STDOUT")
        chosen = query.format(sql.SQL(", ").join(values), sql.Literal(target_id))
        cursor.copy_expert(chosen, rows)
    rows.seek(0)
    return rows


def _copy(statement: str, source: Any) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, _columns(source)))
    return sql.SQL(statement).format(names)


def _columns(source: Any) -> list[str]:
    with source.cursor() as cursor:
        cursor.execute(_COLUMNS)
        return [name for (name,) in cursor.fetchall()]


QUESTION = Question(
    name="items-stored",
    title=f"A crawl of {PAGES} pages, {RECORDS_A_PAGE:,} small new items a page",
    measures=(Measure("items", "a second", more=True),),
    rounds=5,
    prepare=prepare,
    warm=False,
    reaches=(Reach("small items stored a second", "items", 0.25, against=COPY, at_least=True),),
)
