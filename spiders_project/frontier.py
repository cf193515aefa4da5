"""The leased frontier: Scrapy's scheduler on Redis.

A request costs no round trip of its own. Pushes and acknowledgements gather here and travel
together when requests are taken, in one script, in an order that lets any suffix be lost. A page
is acknowledged only after the checkpoint that holds its items was committed.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Iterable
from itertools import count
from time import monotonic
from typing import Self, cast
from uuid import uuid4

from scrapy import Request, Spider
from scrapy.core.scheduler import BaseScheduler
from scrapy.crawler import Crawler

from orchestrator import config, frontiers
from orchestrator.exceptions import LeaseLost
from orchestrator.ledger.claims import Claim
from orchestrator.ledger.latencies import FRONTIER, Latencies
from spiders_project import records
from spiders_project.closing import ask_to_close
from spiders_project.leases import Answer, FrontierAway, FrontierLost, LeaseBook, Push, Trip

logger = logging.getLogger(__name__)

#: In `meta` of a request on its way from start() to the frontier; taken out there.
START_MARK = "kumo_start"

#: Live requests kept to spare reading them back, and ids known to be seen.
_MOST_LIVE, _MOST_KNOWN = 1_000, 50_000
#: How many requests one trip takes, and how many are pushed at once at the most.
_TAKE, _MOST_PUSHES = 64, 500
#: With pages in flight, links trickle in; a trip for each would fetch a handful.
_LEAST_PAUSE_SECONDS = 0.005
_POLL_SECONDS = 0.2
#: One priority step outweighs so many requests of the same priority.
_PRIORITY_STEP = 2**33


_KEEPS_STATE = (
    "The spider %s keeps state between requests (resumable = False), so one crawler serves its job"
)


class NotShared(Exception):  # a property of the spider, told in its job's words
    """A spider that keeps state between requests may have no second crawl in its job."""


def of(crawler: Crawler) -> "Frontier":
    """The frontier of a recorded crawl."""
    # Every class with a scheduler's methods counts as an instance of it, so no check would fail.
    return cast("Frontier", crawler.engine.scheduler)


class Frontier(BaseScheduler):
    """A job's queue of requests in Redis, with leases.

    Reads `KUMO_CLAIM` (the claim) and `KUMO_FRONTIER_MOST` (requests a job may have waiting).
    """

    def __init__(self, crawler: Crawler, claim: Claim) -> None:
        self._crawler = crawler
        self._claim = claim
        self._book = LeaseBook(claim.job_id, claim.attempt, claim.number)
        self._lease_seconds = config.get().lease_seconds
        self._most = crawler.settings.getint("KUMO_FRONTIER_MOST")
        self._fingerprint = crawler.request_fingerprinter.fingerprint
        self._spider: Spider
        #: Answers True while the crawl should take no more pages.
        self.is_held_up: Callable[[], bool] = lambda: False
        #: Why the crawl must end, once it must: a reason and a sentence.
        self.trouble: tuple[str, str] | None = None
        self.seeded = self.reached = False
        self._reaches = False
        self.state = Answer()
        #: Other crawls of the attempt, once this one has left them.
        self.others = 0
        #: How long its trips to Redis took, also those that failed.
        self.trips = Latencies(FRONTIER)
        self._left_out = frozenset(bytes.fromhex(each) for each in claim.left_out)
        self._pushes: list[Push] = []
        self._live: dict[bytes, Request] = {}
        self._known: set[bytes] = set()
        self._known_before: set[bytes] = set()
        self._ready: deque[tuple[bytes, Request]] = deque()
        #: Handed to the engine; None for requests that only memory holds.
        self._held: dict[Request, bytes | None] = {}
        self._departed: set[bytes] = set()
        self._done: list[bytes] = []
        self._unwritable: deque[Request] = deque()
        #: Pages not to be acknowledged before an unwritable request they led to is done.
        self._owed: dict[Request, set[bytes]] = {}
        self._withheld: Counter[bytes] = Counter()
        self._starts: Counter[bytes] = Counter()
        self._sequence = count(1)
        self._last_trip = self._renewed_at = 0.0
        self._away_since: float | None = None
        self._poll: asyncio.TimerHandle | None = None
        self._soon: asyncio.TimerHandle | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler, crawler.settings["KUMO_CLAIM"])

    # What Scrapy's engine calls

    def open(self, spider: Spider) -> None:
        self._spider = spider
        afresh = not getattr(spider, "resumable", True)
        if afresh and self._claim.places > 1:
            self._be_alone(spider)
        self.seeded, self.reached = self._book.open(afresh=afresh)
        self._done.extend(self._left_out)
        self._schedule_poll()

    def enqueue_request(self, request: Request) -> bool:
        request_id = self._identify(request)
        if self._is_known(request_id) or request_id in self._left_out:
            return False
        try:
            record = records.write(request, self._spider)
        except records.NotWritable as reason:
            self._keep_in_memory(request, request_id, reason)
            return True
        self._remember(request_id)
        self._pushes.append(Push(request_id, self._score(request), record))
        if len(self._live) < _MOST_LIVE:
            self._live[request_id] = request
        if len(self._pushes) >= _MOST_PUSHES:
            self._travel(take=0)
        return True

    def next_request(self) -> Request | None:
        if self.trouble or self.is_held_up():
            return None
        if self._unwritable:
            return self._hand_out(self._unwritable.popleft(), None)
        if not self._ready:
            self._fetch()
        if not self._ready:
            return None
        request_id, request = self._ready.popleft()
        return self._hand_out(request, request_id)

    def has_pending_requests(self) -> bool:
        if self.trouble:
            return False
        if self._is_pending():
            return True
        self._travel(take=_TAKE)
        if self._ready:
            self._wake()
        return self._is_pending()

    def close(self, reason: str) -> None:
        if self._poll:
            self._poll.cancel()
        if self.trouble is None:
            returned = [request_id for request_id, _ in self._ready]
            self._ready.clear()
            self._travel(take=0, returned=returned)
            self._leave()
        self._book.close()

    # What the checkpoint calls

    def depart(self) -> list[bytes]:
        """The pages that left the engine since the last call, items and all.

        Exact only at the boundary of an event-loop step, together with the swap of the items.
        """
        in_progress = self._in_progress
        left = [request for request in self._held if request not in in_progress]
        gone: list[bytes] = []
        for request in left:
            request_id = self._held.pop(request)
            if request_id is not None:
                gone.append(request_id)
            gone.extend(self._settle(request))
        self._departed.update(gone)
        return [request_id for request_id in gone if request_id not in self._withheld]

    def reach(self) -> None:
        """A start page came. It counts when it is recorded: its callback may end the process."""
        self._reaches = True

    def acknowledge(self, request_ids: Iterable[bytes]) -> None:
        """These pages are recorded; called after the commit that holds their items."""
        self._done.extend(request_ids)
        self.reached = self.reached or self._reaches
        if self.trouble is None:
            self._travel(take=0)

    def id_of(self, request: Request) -> bytes | None:
        """The id of a request that is in progress; None when the frontier did not give it."""
        return self._held.get(request)

    def forget(self) -> None:
        """Deletes the job's frontier, unless others are at it. Raises BellAway."""
        if not self.others:
            frontiers.delete(self._claim.job_id)

    def is_proven(self) -> bool:
        """Nothing is left anywhere: to be asked after the last acknowledgement."""
        state = self.state
        return (
            self.trouble is None
            and self.seeded
            and self.reached
            and not (self._pushes or self._done or self._held or self._unwritable)
            and state.waiting == 0
            and state.leased == 0
            and state.queued == state.done
        )

    # Other crawls of the attempt

    def _be_alone(self, spider: Spider) -> None:
        """What such a spider has done up to a page is known to its own process only."""
        if self._claim.number > 0:
            raise NotShared(f"{_KEEPS_STATE % spider.name}.")
        logger.warning("%s, not %s.", _KEEPS_STATE % spider.name, self._claim.places)

    def _leave(self) -> None:
        self.others = self.state.crawls - 1
        if self.others:
            try:
                self.others = self._book.leave()
            except FrontierAway as error:
                logger.warning("%s; what this crawl held is given back when its lease ends.", error)

    # Requests and their ids

    def _identify(self, request: Request) -> bytes:
        request_id = self._fingerprint(request)
        if request.meta.pop(START_MARK, False):
            # start() runs again in each attempt, unfiltered by Scrapy: its n-th request for an
            # address is the same each time.
            nth = self._starts[request_id]
            self._starts[request_id] += 1
            return request_id if nth == 0 else request_id + b"#%d" % nth
        return request_id + uuid4().bytes[:8] if request.dont_filter else request_id

    def _score(self, request: Request) -> float:
        """As Scrapy orders: by priority, newest first, start requests last and in their order."""
        place = next(self._sequence)
        is_start = request.meta.get("is_start_request", False)
        return -request.priority * _PRIORITY_STEP + (place if is_start else -place)

    def _is_known(self, request_id: bytes) -> bool:
        return request_id in self._known or request_id in self._known_before

    def _remember(self, request_id: bytes) -> None:
        self._known.add(request_id)
        if len(self._known) >= _MOST_KNOWN // 2:
            # The older half goes as a whole: to take the oldest out of a dict is to look for it
            # among the holes that the others left, which took 0.1 ms a request.
            self._known_before, self._known = self._known, set()

    def _keep_in_memory(
        self, request: Request, request_id: bytes, reason: records.NotWritable
    ) -> None:
        """The pages it may come from stay unacknowledged until it is done."""
        self._crawler.stats.inc_value("kumo/requests_in_memory")
        logger.debug("%s stays in memory: it has %s", request, reason)
        self._remember(request_id)
        in_progress = self._in_progress
        parents = {held for each, held in self._held.items() if held and each in in_progress}
        owed = parents | set(self._withheld)
        self._owed[request] = owed
        self._withheld.update(owed)
        self._unwritable.append(request)

    def _settle(self, request: Request) -> list[bytes]:
        """The pages that waited for this request alone, if it was one that memory held."""
        free: list[bytes] = []
        for request_id in self._owed.pop(request, ()):
            self._withheld[request_id] -= 1
            if self._withheld[request_id] == 0:
                del self._withheld[request_id]
                if request_id in self._departed:
                    free.append(request_id)
        return free

    @property
    def _in_progress(self) -> set[Request]:
        """What the engine is busy with: fetched, parsed, or its items on their way."""
        # Private: no signal tells that a request has left with everything it led to.
        return self._crawler.engine._slot.inprogress  # type: ignore[union-attr]

    def _hand_out(self, request: Request, request_id: bytes | None) -> Request:
        self._held[request] = request_id
        return request

    def _is_pending(self) -> bool:
        if self._ready or self._pushes or self._unwritable or self._away_since is not None:
            return True
        own = sum(request_id is not None for request_id in self._held.values())
        others = self.state.leased - own - len(self._departed)
        return self.state.waiting > 0 or others > 0

    # Trips

    def _fetch(self) -> None:
        """Takes requests, unless that would be a trip for a handful or for nothing."""
        since = monotonic() - self._last_trip
        hopeful = bool(self._pushes or self.state.waiting)
        pause = _LEAST_PAUSE_SECONDS if hopeful else _POLL_SECONDS
        if not self._in_progress or since >= pause:
            self._travel(take=_TAKE)
        elif hopeful and self._soon is None:
            loop = asyncio.get_running_loop()
            self._soon = loop.call_later(pause - since, self._come_back)

    def _come_back(self) -> None:
        self._soon = None
        self._wake()

    def _travel(self, *, take: int, returned: list[bytes] | None = None) -> None:
        """One round trip; on failure everything stays buffered and is sent with the next."""
        now = monotonic()
        renew = now - self._renewed_at > self._lease_seconds / 4
        trip = Trip(
            pushes=self._pushes,
            done=self._done,
            renewed=self._leased_ids() if renew else (),
            returned=returned or (),
            # What only memory holds of start() is not queued yet.
            seeded=self.seeded and not self._owed,
            reached=self.reached,
        )
        self._last_trip = now
        try:
            self.state = self._book.travel(trip, take=take, lease_seconds=self._lease_seconds)
        except FrontierAway as error:
            self._wait_for_redis(now, error)
            return
        except FrontierLost as error:
            self._end("frontier_lost", f"{error}; it is rebuilt from the start pages.")
            return
        except LeaseLost as error:
            self._end("lease_lost", str(error))
            return
        finally:
            self.trips.add(monotonic() - now)
        self._arrive(now, renewed=renew)

    def _arrive(self, now: float, *, renewed: bool) -> None:
        self._away_since = None
        self._renewed_at = now if renewed else self._renewed_at
        self.reached = self.reached or self.state.reached
        self._departed.difference_update(self._done)
        self._pushes, self._done = [], []
        for request_id, record in self.state.taken:
            request = self._live.pop(request_id, None) or records.read(record, self._spider)
            self._ready.append((request_id, request))
        if self.state.waiting > self._most:
            self._end("frontier_full", f"More than {self._most:,} requests wait in its frontier.")

    def _leased_ids(self) -> list[bytes]:
        held = [request_id for request_id in self._held.values() if request_id]
        return held + [request_id for request_id, _ in self._ready] + list(self._departed)

    def _wait_for_redis(self, now: float, error: FrontierAway) -> None:
        if self._away_since is None:
            self._away_since = now
            logger.warning("%s; the crawl waits.", error)
        elif now - self._away_since > self._lease_seconds * 0.75:
            self._end("redis_away", f"{error}, for too long now.")

    def _end(self, reason: str, message: str) -> None:
        if self.trouble is None:
            self.trouble = (reason, message)
            logger.warning(message)
            ask_to_close(self._crawler, reason)

    # Waking the engine

    def _schedule_poll(self) -> None:
        self._poll = asyncio.get_running_loop().call_later(_POLL_SECONDS, self._look)

    def _look(self) -> None:
        """The engine sleeps when it got nothing and nothing is in flight; only we can wake it."""
        if not self._ready:
            self._wake()
        self._schedule_poll()

    def _wake(self) -> None:
        slot = self._crawler.engine._slot
        if slot is not None and slot.closing is None:
            slot.nextcall.schedule()
