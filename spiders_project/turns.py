"""Each request waits for its site's turn, which all crawls of the site share.

It waits where the connection would be made: so robots.txt, redirections and further tries count
like any page, and the wait is no part of DOWNLOAD_TIMEOUT. What answers a request from nearer by,
as a cache does, takes no turn.
"""

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from orchestrator.exceptions import OrchestratorError
from orchestrator.ledger import budgets
from orchestrator.ledger.claims import Claim
from orchestrator.ledger.ends import End, Ending
from orchestrator.sites import Cause, Wait
from spiders_project import complaints, frontier, own_turns
from spiders_project.checkpoint import Checkpoint
from spiders_project.closing import ask_to_close
from spiders_project.complaints import Complaint
from spiders_project.leases import FrontierAway
from spiders_project.turn_books import Answer, Asking, TurnBook

logger = logging.getLogger(__name__)

#: How often sites are looked at whose turns ended without another one beginning.
_LOOK_SECONDS = 0.25
#: However long the wait: a budget may be changed, or a pause lifted.
_LONGEST_SLEEP_SECONDS = 1
#: A crawl with nothing but long downloads tells that it lives; and where it is at work.
_TELL_SECONDS, _USE_SECONDS = 5, 60
#: Redis, or the row of a budget, is asked again after so long.
_AWAY_SECONDS = 1
#: A wait worth telling whoever looks at the job.
_LONG_WAIT_SECONDS = 3
#: A job that would wait longer gives its slot to others meanwhile.
_LONGEST_STAY_SECONDS = 300
#: Of a job. Beyond these one that brought no page counts as a failure: a site, or its robots.txt,
#: may ask for an hour each time, and the job would never end.
_PATIENT_ATTEMPTS = 24

_OVER = "The crawl ends before its site's turn came."

_of: "WeakKeyDictionary[Crawler, Turns]" = WeakKeyDictionary()


def of(crawler: Crawler) -> "Turns":
    """The turns of a crawl, which all its handlers share."""
    if crawler not in _of:
        _of[crawler] = Turns(crawler, own_turns.book(crawler.settings["KUMO_CLAIM"]))
    return _of[crawler]


@dataclass(slots=True, eq=False)
class _Site:
    """A site that this crawl is at."""

    name: str
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    in_flight: int = 0
    #: The turn reserved for the first that waits.
    slot: int = 0
    #: When to ask again; None = as soon as somebody wants to.
    alarm: asyncio.Handle | None = None
    #: What Redis knows of it.
    told_in_flight: int = 0
    told_at: float = 0
    noted_at: float | None = None
    held_until: float = 0
    #: Its budget is being looked up.
    looking: bool = False
    #: Complaints that Redis has not heard yet.
    complaints: list[Complaint] = field(default_factory=list)

    @property
    def is_idle(self) -> bool:
        return not (self.waiting or self.in_flight or self.told_in_flight or self.complaints)


class Turns:
    """Gives requests their turns; there is one for all handlers of a crawl.

    Reads `KUMO_CLAIM` and `ROBOTSTXT_USER_AGENT`. Without a Redis that answers, a crawl that is no
    job keeps its sites' budgets by itself; one that is a job waits for it.
    """

    def __init__(self, crawler: Crawler, book: TurnBook) -> None:
        self._crawler = crawler
        self._book = book
        claim: Claim | None = crawler.settings["KUMO_CLAIM"]
        self._is_job = claim is not None
        self._may_hand_back = claim is not None and "one_attempt" not in claim.definition
        is_patient = claim is None or claim.attempt <= _PATIENT_ATTEMPTS
        self._pausing = Ending.HANDED_BACK if is_patient else Ending.BROKEN
        self._sites: dict[str, _Site] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._delays: dict[str, float] = {}
        self._next_look: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Future[None]] = set()
        self._away_until = self._noted_until = 0.0
        self._is_over = False
        #: How the crawl ends, once it has to wait too long.
        self.end: End | None = None
        crawler.signals.connect(self.robots_parsed, signals.robots_parsed)
        crawler.signals.connect(self.spider_closed, signals.spider_closed)

    def robots_parsed(self, robotparser: Any, request: Request) -> None:
        settings = self._crawler.settings
        agent = settings["ROBOTSTXT_USER_AGENT"] or settings["USER_AGENT"]
        delay = robotparser.crawl_delay(agent) or 0
        # Written so that "nan" is none.
        longest = complaints.LONGEST_SECONDS
        self._delays[self._name(request)] = min(delay, longest) if delay > 0 else 0

    def spider_closed(self) -> None:
        if self._next_look:
            self._next_look.cancel()
        try:
            for site in self._sites.values():
                if site.told_in_flight:
                    self._book.ask(site.name, Asking())
            self._note(None)
        except FrontierAway as error:
            logger.debug("Its places at sites run out: %s", error)
        self._book.close()

    # What the handlers call

    async def take(self, request: Request) -> _Site:
        """Returns when the request may start. Raises IgnoreRequest when the crawl is over."""
        if self._is_over:
            raise IgnoreRequest(_OVER)
        site = self._site(self._name(request))
        turn = asyncio.get_running_loop().create_future()
        site.waiting.append(turn)
        if site.alarm is None:
            # Those that come in the same step of the event loop ask together.
            site.alarm = asyncio.get_running_loop().call_soon(self._ask, site)
        if self._next_look is None:
            self._look()
        try:
            await turn
        except asyncio.CancelledError:
            site.in_flight -= turn.done() and not turn.cancelled()
            raise
        return site

    def leave(self, site: _Site, response: Response | None) -> None:
        """The request has ended, with this answer or none."""
        site.in_flight -= 1
        complaint = complaints.of(response) if response is not None else None
        if complaint:
            site.complaints.append(complaint)
            self._ask_now(site)
        elif site.waiting and not (site.slot or site.held_until > monotonic()):
            self._ask_soon(site)

    def only_wait(self) -> bool:
        """Whether nothing is under way in this crawl: whatever it does waits for a site."""
        at_work = self._sites.values()
        if any(site.in_flight for site in at_work) or not any(site.waiting for site in at_work):
            return False
        scraper = self._crawler.engine.scraper.slot
        return scraper is None or scraper.is_idle()

    # Asking

    def _ask_now(self, site: _Site) -> None:
        if site.alarm:
            site.alarm.cancel()
        self._ask(site)

    def _ask_soon(self, site: _Site) -> None:
        if site.alarm:
            site.alarm.cancel()
        site.alarm = asyncio.get_running_loop().call_soon(self._ask, site)

    def _ask_later(self, site: _Site, seconds: float) -> None:
        seconds = min(seconds, _LONGEST_SLEEP_SECONDS)
        site.alarm = asyncio.get_running_loop().call_later(seconds, self._ask, site)

    def _ask(self, site: _Site) -> None:
        """Tells Redis what is there and asks for what is wanted."""
        if monotonic() < self._away_until:
            # A Redis that hangs holds the event loop up for each site that asks.
            self._ask_later(site, _AWAY_SECONDS)
            return
        site.alarm = None
        asking = Asking(site.in_flight, len(site.waiting), site.slot, self._delays.get(site.name))
        try:
            self._complain(site)
            answer = self._book.ask(site.name, asking)
            self._note_use(site)
        except FrontierAway as error:
            self._wait_for_redis(site, error)
            return
        self._away_until = 0
        if answer.unknown or answer.stale:
            self._look_up(site)
        if not answer.unknown:
            self._take_in(site, answer)

    def _complain(self, site: _Site) -> None:
        while site.complaints:
            pause = self._book.complain(site.name, site.complaints[0])
            del site.complaints[0]
            if site.held_until < monotonic():
                logger.warning("%s wants to be left alone for %.0f s.", site.name, pause)
            site.held_until = monotonic() + pause

    def _take_in(self, site: _Site, answer: Answer) -> None:
        now = monotonic()
        site.slot = answer.slot
        site.held_until = now + answer.hold_seconds
        granted = answer.granted
        while granted and site.waiting:
            turn = site.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                site.in_flight += 1
                granted -= 1
        # What was granted and is wanted no more is told by the next trip.
        site.told_in_flight = site.in_flight + granted + (1 if answer.slot else 0)
        site.told_at = now
        if answer.granted and self._noted_until:
            self._note(None)
        if site.waiting:
            self._ask_later(site, answer.wait_seconds)
            self._tell_of(site, answer)

    def _wait_for_redis(self, site: _Site, error: FrontierAway) -> None:
        """What is known stays as it is; a job's frontier says when this takes too long."""
        if not self._away_until:
            logger.warning("%s; requests wait for their turns.", error)
        self._away_until = monotonic() + _AWAY_SECONDS
        self._ask_later(site, _AWAY_SECONDS)

    def _look_up(self, site: _Site) -> None:
        if not site.looking:
            site.looking = True
            task = asyncio.ensure_future(self._learn_budget(site))
            # The loop itself does not keep it.
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _learn_budget(self, site: _Site) -> None:
        try:
            await asyncio.to_thread(self._book.look_up, site.name)
        except OrchestratorError as error:
            logger.warning("The budget of %s is not known for now: %s", site.name, error)
            await asyncio.sleep(_AWAY_SECONDS)
        finally:
            site.looking = False
        if site.waiting and site.alarm is None:
            self._ask(site)

    # Looking after sites

    def _look(self) -> None:
        now = monotonic()
        if self._is_job and not self._is_over and self._is_in_trouble():
            self._dismiss()
        for site in list(self._sites.values()):
            if site.is_idle:
                del self._sites[site.name]
            elif site.alarm is None and not site.looking and self._is_due(site, now):
                self._ask(site)
        self._give_back_if_long(now)
        self._next_look = asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look)

    def _is_due(self, site: _Site, now: float) -> bool:
        """What Redis knows of it is wrong, or old."""
        return site.told_in_flight != site.in_flight or now - site.told_at > _TELL_SECONDS

    def _is_in_trouble(self) -> bool:
        """The crawl acknowledges nothing any more: another attempt fetches what is left."""
        checkpoint = self._crawler.get_extension(Checkpoint)
        lost = checkpoint is not None and checkpoint.trouble is not None
        return lost or frontier.of(self._crawler).trouble is not None

    def _dismiss(self) -> None:
        """A crawl that ends waits for its requests, and for these it might wait for ever."""
        self._is_over = True
        for site in self._sites.values():
            for turn in site.waiting:
                if not turn.done():
                    turn.set_exception(IgnoreRequest(_OVER))
            site.waiting.clear()

    def _give_back_if_long(self, now: float) -> None:
        """A slot is too much to keep for an hour in which nothing may be fetched."""
        if self.end or not self._may_hand_back or not self.only_wait():
            return
        first = min((site for site in self._sites.values() if site.waiting), key=_held_until)
        seconds = first.held_until - now
        if seconds <= _LONGEST_STAY_SECONDS:
            return
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        message = f"{first.name} asked for a pause until {until:%H:%M} UTC; the crawl goes on then."
        self.end = End(self._pausing, "site_pause", message, wait_seconds=seconds)
        logger.info(message)
        ask_to_close(self._crawler, "site_pause")

    # Telling people

    def _note_use(self, site: _Site) -> None:
        now = monotonic()
        if site.noted_at is None or now - site.noted_at > _USE_SECONDS:
            self._book.note_use(site.name)
            site.noted_at = now

    def _tell_of(self, site: _Site, answer: Answer) -> None:
        """Once, and again when the wait became longer."""
        seconds = answer.wait_seconds
        until = monotonic() + seconds
        if seconds < _LONG_WAIT_SECONDS or until < self._noted_until + 1:
            return
        at = datetime.now(UTC) + timedelta(seconds=seconds)
        self._note(Wait(site.name, answer.cause or Cause.PACE, at))
        self._noted_until = until

    def _note(self, wait: Wait | None) -> None:
        self._noted_until = 0
        try:
            self._book.note_wait(wait)
        except FrontierAway as error:
            logger.debug("Whoever looks at the job is not told: %s", error)

    # Sites

    def _site(self, name: str) -> _Site:
        if name not in self._sites:
            self._sites[name] = _Site(name)
        return self._sites[name]

    def _name(self, request: Request) -> str:
        parts = urlparse_cached(request)
        key = (parts.scheme, parts.netloc)
        if key not in self._names:
            self._names[key] = budgets.name_of(request.url)
        return self._names[key]


def _held_until(site: _Site) -> float:
    return site.held_until
