"""Many targets, and many jobs that ended, made inside the database within seconds."""

from contextlib import closing
from typing import Any

import psycopg2

from benchmarks.large_database.bare_tables import bare

#: Every one as the first, but for its name.
_TARGETS = """
INSERT INTO scraping_targets
    (name, spider, start_urls, arguments, settings, key_fields, tags, active, priority)
SELECT
    'many-' || gen_random_uuid(), spider, start_urls, arguments, settings, key_fields, tags, true,
    priority
FROM (SELECT * FROM scraping_targets ORDER BY id LIMIT 1) AS first, generate_series(1, %s)
"""
#: Of all targets in turn, over two years, each with statistics as long as Scrapy's.
_FINISHED = """
INSERT INTO scraping_jobs
    (target_id, status, trigger, definition, attempt, queued_at, run_after, rung_at, started_at,
     completed_at, finish_reason, items_scraped, pages, stats)
SELECT
    ids[1 + mod(n, cardinality(ids))], 'completed', 'beat',
    jsonb_build_object('target', 'many', 'spider', 'shop', 'start_urls', '[]'::jsonb), 1,
    at, at, at, at + interval '1 second', at + interval '1 minute', 'finished', 50, 10,
    jsonb_build_object('downloader/request_bytes', n * 411, 'item_scraped_count', 50)
FROM generate_series(1, %s) AS n,
    LATERAL (SELECT now() - interval '2 years' * n / %s - interval '1 hour' AS at) AS moment,
    (SELECT array_agg(id) AS ids FROM scraping_targets) AS targets
"""


def add_targets(url: str, count: int) -> None:
    """So many more of the kind that was registered first."""
    with closing(_connect(url)) as connection:
        connection.cursor().execute(_TARGETS, [count])
        connection.cursor().execute("VACUUM ANALYZE scraping_targets")


def add_finished_jobs(url: str, count: int) -> None:
    with closing(_connect(url)) as connection:
        cursor = connection.cursor()
        cursor.execute("SET maintenance_work_mem = '1GB'")
        with bare(cursor, ["scraping_jobs"], lambda _: None):
            cursor.execute(_FINISHED, [count, count])
        cursor.execute("VACUUM ANALYZE scraping_jobs")


def _connect(url: str) -> Any:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    return connection
