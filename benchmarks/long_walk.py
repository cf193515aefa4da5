"""A walk of a million requests through the frontier, in four parts.

The first ten thousand pages have one link each, so a thousand requests wait. Then pages have ten
links, until half a million wait; then one again, until all are made; and none at last. So the cost
of a page with one link can be compared between an empty frontier and a full one.
"""

import asyncio
import time
from dataclasses import dataclass, field
from statistics import median

import redis

from benchmarks.question import GROWTH, Sample
from benchmarks.spiders.meter import kilobytes
from benchmarks.walking import Engine, crawler
from orchestrator import config
from orchestrator.ledger.claims import Claim
from spiders_project.frontier import Frontier

_STARTS, _LINKS = 1_000, 10


@dataclass
class Walk:
    """One walk and what it noted on its way."""

    requests: int
    #: Pages of a block, whose cost is one point of the curve.
    block: int
    #: Microseconds a page, block by block.
    blocks: list[float] = field(default_factory=list)
    full_after: int | None = None
    made_after: int | None = None
    pending_bytes: float = 0
    _began: float = 0

    def __post_init__(self) -> None:
        self._redis = redis.Redis.from_url(config.get().require_redis_url())
        self._bytes_before = self._used()

    def links(self, made: int, left: int) -> int:
        """As many as the part of the walk asks for."""
        if left < self.block:
            return 1
        if made >= self.requests:
            self.made_after = self.made_after or left
            return 0
        if self.full_after is None and made - left < self.requests // 2:
            return min(_LINKS, self.requests - made)
        if self.full_after is None:
            self.full_after = left
            self.pending_bytes = (self._used() - self._bytes_before) / (made - left)
        return 1

    async def run(self, claim: Claim) -> None:
        settings = {"KUMO_CLAIM": claim, "KUMO_FRONTIER_MOST": 2 * self.requests}
        crawling = crawler(settings)
        engine = Engine(crawling, Frontier.from_crawler(crawling), self.links)
        engine.tell = lambda: self._note(engine.left)
        self._began = time.perf_counter()
        await engine.run(pages=self.requests, starts=min(_STARTS, self.block // 10))
        engine.close()

    def sample(self) -> Sample:
        assert self.full_after is not None
        assert self.made_after is not None
        first, last = self.blocks[0], self.blocks[-1]
        # All of them, since a structure that now and then tidies up is slow in between.
        full = slice(self.full_after // self.block + 1, self.made_after // self.block)
        with_link = median(self.blocks[full])
        return {
            "first": first,
            "half a million waiting": with_link,
            "last": last,
            GROWTH: max(with_link, last) / first,
            "memory": kilobytes("status", "VmHWM") / 1024,
            "pending": self.pending_bytes,
            **{f"block {number}": each for number, each in enumerate(self.blocks)},
        }

    def _note(self, left: int) -> None:
        if left % self.block == 0:
            now = time.perf_counter()
            self.blocks.append((now - self._began) * 1e6 / self.block)
            self._began = now

    def _used(self) -> int:
        return int(self._redis.info("memory")["used_memory"])


def walk(claim: Claim, requests: int) -> Sample:
    """What it cost; to be called in a process of its own, whose memory it tells."""
    walk = Walk(requests, block=requests // 100)
    asyncio.run(walk.run(claim))
    return walk.sample()
