"""How the rivals store items: an upsert and a commit for each."""

import os
from typing import Any, Self

import psycopg2
from itemadapter import ItemAdapter
from psycopg2.extras import Json
from scrapy.crawler import Crawler

TABLE = """
CREATE TABLE IF NOT EXISTS items (
    target text NOT NULL,
    key text NOT NULL,
    data jsonb NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (target, key)
)
"""
UPSERT = """
INSERT INTO items (target, key, data) VALUES (%s, %s, %s)
ON CONFLICT (target, key) DO UPDATE SET data = excluded.data, seen_at = now()
"""


class CommitPerItem:
    """Writes each item into the rivals' table.

    Reads the setting `TARGET` and the environment variable `RIVAL_DATABASE_URL`.
    """

    def __init__(self, target: str) -> None:
        self._target = target
        self._connection: Any = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.settings["TARGET"])

    def open_spider(self) -> None:
        self._connection = psycopg2.connect(os.environ["RIVAL_DATABASE_URL"])

    def process_item(self, item: Any) -> Any:
        data = ItemAdapter(item).asdict()
        with self._connection, self._connection.cursor() as cursor:
            cursor.execute(UPSERT, (self._target, data["url"], Json(data)))
        return item

    def close_spider(self) -> None:
        self._connection.close()
