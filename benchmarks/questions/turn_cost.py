"""What does a request cost in the turns of its site, while the budget holds nobody up?

Nothing is downloaded: so many requests as a crawl has in flight take their turns, and each "page"
arrives at once. The same tasks are run in the same turn without any, and their time is taken off.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from scrapy import Request
from scrapy.signalmanager import SignalManager

from benchmarks import kumo
from benchmarks.installation import Installation
from benchmarks.question import Contender, Measure, Question, Sample
from orchestrator import sites
from orchestrator.ledger.budgets import UNBOUND
from spiders_project.own_turns import OwnTurns
from spiders_project.turn_books import SharedTurns, TurnBook
from spiders_project.turns import Turns

REQUESTS, REQUESTS_QUICK = 5_000, 100
IN_FLIGHT = 8
SITE = "127.0.0.1"


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    requests = REQUESTS_QUICK if quick else REQUESTS
    sites.tell(SITE, UNBOUND)
    yield {
        kumo.NAME: lambda: _over_none(lambda: SharedTurns(str(uuid4())), requests),
        "in the process alone": lambda: _over_none(OwnTurns, requests),
    }


def _over_none(book: Callable[[], TurnBook], requests: int) -> Sample:
    plain_time, plain_cpu = asyncio.run(_walk(None, requests))
    whole_time, whole_cpu = asyncio.run(_walk(book(), requests))
    return {"over none": whole_time - plain_time, "CPU over none": whole_cpu - plain_cpu}


async def _walk(book: TurnBook | None, requests: int) -> tuple[float, float]:
    """Microseconds a request, of the clock and of this process's CPU."""
    turns = Turns(_crawler(), book) if book else None
    left = iter([Request(f"http://{SITE}/pages/{number}") for number in range(requests)])

    async def take_all() -> None:
        for request in left:
            if turns:
                turns.leave(await turns.take(request), None)
            await _arrive()

    began, cpu_began = time.perf_counter(), time.process_time()
    await asyncio.gather(*(take_all() for _ in range(IN_FLIGHT)))
    took, cpu = time.perf_counter() - began, time.process_time() - cpu_began
    if turns:
        turns.spider_closed()
    return took * 1e6 / requests, cpu * 1e6 / requests


def _arrive() -> Awaitable[None]:
    return asyncio.sleep(0)


def _crawler() -> Any:
    engine = SimpleNamespace(scraper=SimpleNamespace(slot=None))
    settings = {"KUMO_CLAIM": None, "ROBOTSTXT_USER_AGENT": None, "USER_AGENT": "Kumo"}
    return SimpleNamespace(settings=settings, signals=SignalManager(), engine=engine)


QUESTION = Question(
    name="turn-cost",
    title="To take a turn at a site",
    measures=(Measure("over none", "µs"), Measure("CPU over none", "µs")),
    rounds=7,
    prepare=prepare,
    rivals=False,
)
