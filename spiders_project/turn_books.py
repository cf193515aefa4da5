"""Where the turns of sites are kept: in Redis, for all crawls together.

A turn costs one script call. It may fail, and then the crawl waits: it never goes on as if there
were no budget. A crawl that knows no Redis keeps its turns in `own_turns`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from orchestrator import config, frontiers, sites
from orchestrator.sites import Cause, Wait
from spiders_project.complaints import Complaint
from spiders_project.leases import FrontierAway

_LUA = Path(__file__).parent / "lua"
#: A stalled Redis blocks the event loop for so long.
_TIMEOUT_SECONDS = 2
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Asking:
    """What a crawl has at a site, and what it wants there."""

    in_flight: int = 0
    wanted: int = 0
    #: As the answer before said.
    slot: int = 0
    #: Seconds between two requests that robots.txt asks for; None = it was not read.
    delay: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a crawl may do at a site."""

    #: So many requests may start at once.
    granted: int = 0
    #: The turn after these, when it is reserved.
    slot: int = 0
    #: Ask again after so long.
    wait_seconds: float = 0
    #: So long no request may start.
    hold_seconds: float = 0
    cause: Cause | None = None
    #: The budget has to be looked up: before anything can be granted, or some time soon.
    unknown: bool = False
    stale: bool = False


class TurnBook(Protocol):
    """Who may ask a site next."""

    #: Names this crawl among those of a site.
    crawl: str

    def ask(self, site: str, asking: Asking) -> Answer:
        """Raises FrontierAway; the same may be asked again."""
        ...

    def complain(self, site: str, complaint: Complaint) -> float:
        """How long the site is left alone now. Raises FrontierAway."""
        ...

    def note_use(self, site: str) -> None: ...

    def note_wait(self, wait: Wait | None) -> None: ...

    def look_up(self, site: str) -> None:
        """Brings the budget that is written down for the site; takes a while, for a thread."""
        ...

    def close(self) -> None: ...


class SharedTurns:
    """Turns in Redis."""

    def __init__(self, crawl: str) -> None:
        self.crawl = crawl
        self._silence = int(config.get().lease_seconds * _MILLION)
        self._redis: Redis | None = None
        self._turn: Any = None
        self._pause: Any = None

    def ping(self) -> None:
        """Raises FrontierAway unless Redis answers."""
        self._call(lambda redis: redis.ping())

    def ask(self, site: str, asking: Asking) -> Answer:
        delay = "" if asking.delay is None else int(asking.delay * _MILLION)
        arguments = (
            self.crawl, asking.in_flight, asking.wanted, asking.slot, delay, self._silence
        )  # fmt: skip
        keys = sites.keys(site)
        said = self._call(lambda _: self._turn(keys, arguments))
        if said == b"unknown":
            return Answer(unknown=True)
        granted, slot, wait, hold, why, stale = said
        return Answer(
            granted,
            slot,
            wait / _MILLION,
            hold / _MILLION,
            Cause(why.decode()) if why else None,
            stale=stale == b"1",
        )

    def complain(self, site: str, complaint: Complaint) -> float:
        asked = "" if complaint.seconds is None else int(complaint.seconds * _MILLION)
        arguments = (asked, int(complaint.too_many))
        keys = sites.keys(site)[:1]
        pause = self._call(lambda _: self._pause(keys, arguments))
        return float(pause) / _MILLION

    def note_use(self, site: str) -> None:
        self._call(lambda redis: sites.note_use(redis, site))

    def note_wait(self, wait: Wait | None) -> None:
        self._call(lambda redis: sites.note_wait(redis, self.crawl, wait))

    def look_up(self, site: str) -> None:
        sites.look_up(site)

    def close(self) -> None:
        if self._redis is not None:
            self._redis.close()

    def _call(self, call: Callable[[Redis], Any]) -> Any:
        try:
            if self._redis is None:
                self._connect()
            return call(self._redis)  # type: ignore[arg-type]  # it is there now
        except RedisError as error:
            raise FrontierAway(frontiers.trouble(error)) from error

    def _connect(self) -> None:
        redis = frontiers.client(
            _TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            # Nobody shares it, and a pool costs a third of a call. It connects here and now.
            single_connection_client=True,
        )
        self._turn = redis.register_script((_LUA / "turn.lua").read_text())
        self._pause = redis.register_script((_LUA / "pause.lua").read_text())
        self._redis = redis
