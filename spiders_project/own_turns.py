"""Turns that a process keeps for itself, for a crawl that knows no Redis.

The rules are those of the scripts, with the default budgets; with one crawl there is nobody to take
turns with.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from uuid import uuid4

from orchestrator import config
from orchestrator.ledger import budgets
from orchestrator.ledger.budgets import Budget
from orchestrator.ledger.claims import Claim
from orchestrator.sites import Cause, Wait, crawl_name, part_left
from spiders_project.complaints import Complaint
from spiders_project.leases import FrontierAway
from spiders_project.turn_books import Answer, Asking, SharedTurns, TurnBook

logger = logging.getLogger(__name__)

#: As in `lua/turn.lua` and `lua/pause.lua`.
_POLL_SECONDS = 0.1
_UNCAPPED_SECONDS = 0.1
_FIRST_SECONDS, _LONGEST_SECONDS, _SOON_SECONDS = 2, 300, 600
_LEAST_PART = 1 / 16


def book(claim: Claim | None) -> TurnBook:
    """Shared with whoever crawls a site, as far as that can be."""
    if claim is not None:
        return SharedTurns(crawl_name(claim.job_id, claim.number))
    if config.get().redis_url is None:
        return OwnTurns()
    shared = SharedTurns(f"process-{uuid4().hex[:8]}")
    try:
        shared.ping()
    except FrontierAway as error:
        logger.warning("%s; this process keeps the budgets of sites by itself.", error)
        return OwnTurns()
    return shared


@dataclass(slots=True)
class _Own:
    """What this process knows of a site."""

    budget: Budget
    free: float = 0
    hold: float = 0
    pause: float = 0
    slow: float = 1
    delay: float = 0
    cause: Cause | None = None


class OwnTurns:
    """Turns in this process."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.crawl = ""
        self._clock = clock
        self._sites: dict[str, _Own] = {}

    def ask(self, site: str, asking: Asking) -> Answer:
        now, own = self._clock(), self._site(site)
        if asking.delay is not None:
            own.delay = asking.delay
        if own.hold > now:
            left = own.hold - now
            return Answer(wait_seconds=left, hold_seconds=left, cause=own.cause)
        places = own.budget.in_flight
        room = asking.wanted if not places else min(asking.wanted, places - asking.in_flight)
        spacing = _spacing(own, now)
        if not spacing:
            granted = max(room, 0)
        else:
            granted = 1 if room > 0 and own.free <= now else 0
            own.free = max(own.free, now) + spacing if granted else own.free
        if granted >= asking.wanted:
            return Answer(granted)
        return Answer(granted, wait_seconds=max(own.free - now, 0) or _POLL_SECONDS)

    def complain(self, site: str, complaint: Complaint) -> float:
        now, own = self._clock(), self._site(site)
        is_held = own.hold > now
        if not is_held and (complaint.seconds is None or complaint.too_many):
            own.slow = max(_part(own, now) / 2, _LEAST_PART)
        if complaint.seconds is not None:
            until, cause = now + complaint.seconds, Cause.ASKED
        elif not is_held:
            again = own.pause and now - own.hold < _SOON_SECONDS
            own.pause = min(2 * own.pause, _LONGEST_SECONDS) if again else _FIRST_SECONDS
            until, cause = now + own.pause, Cause.LEARNED
        else:
            return own.hold - now
        if until > own.hold:
            own.hold, own.cause = until, cause
        return own.hold - now

    def note_use(self, site: str) -> None:
        """Nobody else looks."""

    def note_wait(self, wait: Wait | None) -> None:
        """Nobody else looks."""

    def look_up(self, site: str) -> None:
        """It is never asked to."""

    def close(self) -> None:
        """There is nothing to close."""

    def _site(self, name: str) -> _Own:
        if name not in self._sites:
            self._sites[name] = _Own(budgets.default(name))
        return self._sites[name]


def _part(own: _Own, now: float) -> float:
    return part_left(own.slow, now - own.hold)


def _spacing(own: _Own, now: float) -> float:
    rate, part = own.budget.requests_per_second, _part(own, now)
    spacing = 1 / rate if rate else 0
    if part < 1:
        spacing = (spacing or _UNCAPPED_SECONDS) / part
    return max(spacing, own.delay)
