"""What does it cost to store an item: in a checkpoint, with its own commit, in an ORM session?"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from typing import Any

import psycopg2
from psycopg2.extras import Json
from sqlalchemy import create_engine

from benchmarks import kumo
from benchmarks.installation import Installation
from benchmarks.question import Contender, Measure, Question, Sample
from benchmarks.rivals.orm_session import store
from benchmarks.rivals.pipelines import UPSERT
from orchestrator.ledger import items
from orchestrator.ledger.checkpoints import Batch, CheckpointWriter
from orchestrator.ledger.items import StorableItem

BATCH = 500
#: How many items a turn stores: enough for a second, few enough for many rounds.
CHECKPOINTED, COMMITTED = 20 * BATCH, 500
CHECKPOINTED_QUICK, COMMITTED_QUICK = BATCH, 20


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    many, few = (CHECKPOINTED_QUICK, COMMITTED_QUICK) if quick else (CHECKPOINTED, COMMITTED)
    url = os.environ["RIVAL_DATABASE_URL"]
    numbers = count()
    writer = CheckpointWriter(kumo.claimed("checkpoint-cost"), lease_seconds=3_600)
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg2://"))

    with closing(writer), closing(psycopg2.connect(url)) as connection:

        def checkpoint() -> None:
            for _ in range(0, many, BATCH):
                items = [_storable(_item(next(numbers))) for _ in range(BATCH)]
                writer.commit(Batch(items=items, pages=BATCH))

        def commit_each() -> None:
            for _ in range(few):
                item = _item(next(numbers))
                with connection, connection.cursor() as cursor:
                    cursor.execute(UPSERT, ("checkpoint-cost", item["url"], Json(item)))

        def store_each() -> None:
            for _ in range(few):
                store(engine, "checkpoint-cost", _item(next(numbers)))

        yield {
            kumo.NAME: lambda: _sample(checkpoint, many),
            "commit per item": lambda: _sample(commit_each, few),
            "ORM session per item": lambda: _sample(store_each, few),
        }
        engine.dispose()


def _sample(run: Callable[[], None], items: int) -> Sample:
    began, cpu_began = time.perf_counter(), time.process_time()
    run()
    return {
        "time": (time.perf_counter() - began) * 1e6 / items,
        "CPU of the crawler": (time.process_time() - cpu_began) * 1e6 / items,
    }


def _storable(item: dict[str, Any]) -> StorableItem:
    storable = items.storable(item, ("sku",))
    assert isinstance(storable, StorableItem)
    return storable


def _item(number: int) -> dict[str, Any]:
    return {
        "url": f"http://127.0.0.1:8001/products/KM-{number:06d}",
        "sku": f"KM-{number:06d}",
        "name": f"Kettle, blue, No. {number}",
        "price": number % 900 + 0.9,
        "currency": "EUR",
        "stock": number % 40,
        "category": "Kitchen",
        "rating": 4.2,
        "description": "Boils a litre of water in three minutes, and says so by a low whistle.",
        "image": f"/images/KM-{number:06d}.svg",
        "updated": "2026-10-28",
    }


QUESTION = Question(
    name="checkpoint-cost",
    title="To store one item",
    measures=(Measure("time", "µs"), Measure("CPU of the crawler", "µs")),
    rounds=7,
    prepare=prepare,
)
