"""What crawls know together of a site, in Redis: its turns, its pauses, who is at it.

The keys are owned here; crawls change them by the scripts of `spiders_project/lua`. All of it may
be lost at any time: budgets are rows, what is in flight is told anew with every trip, and a pause
that was forgotten is asked for again by the site.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from time import monotonic
from typing import Any
from uuid import UUID

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from orchestrator.exceptions import BellAway
from orchestrator.frontiers import client, trouble
from orchestrator.ledger import budgets
from orchestrator.ledger.budgets import Budget

#: What a site consists of, in the order the scripts take them.
PARTS = ("state", "crawls", "flights", "line")

_PREFIX = "kumo:site"
#: The sites by when they were last at work, and the jobs that wait for one.
_INDEX, _WAITS = "kumo:sites", "kumo:waits"
#: What a site did longer ago is forgotten, and so fast a budget recovers; as the scripts say it.
_REMEMBERED_SECONDS, _RECOVERY_SECONDS = 86_400, 120
_MOST_SITES = 10_000
#: A crawl at work at a site says so once a minute.
_AT_WORK_SECONDS, _MOST_LEFT = 120, 500
_TIMEOUT_SECONDS = 0.5
#: A page that asks Redis by the way leaves it alone for so long when it did not answer.
_REST_SECONDS = 10
_MILLION = 1_000_000


class Cause(StrEnum):
    """Why a crawl waits for its site."""

    ASKED = "asked"  #: The site named the time, by Retry-After.
    LEARNED = "learned"  #: It complained without naming one.
    PACE = "pace"  #: Its budget or its crawl-delay lets few requests through.


@dataclass(frozen=True, slots=True)
class Wait:
    """A crawl waits for its site."""

    site: str
    cause: Cause
    until: datetime


@dataclass(frozen=True, slots=True)
class Use:
    """What a site bears at this moment."""

    name: str
    last_at: datetime
    #: Within the last minute.
    requests: float
    in_flight: int
    #: None of them starts before then, and why.
    hold_until: datetime | None
    cause: Cause | None
    #: The part of its budget that its complaints have left; 1 = all of it.
    part: float
    crawl_delay_seconds: float
    job_ids: Sequence[UUID]


def crawl_name(job_id: str, number: int) -> str:
    """How a job's crawl is called among those of a site."""
    return f"{job_id}/{number}" if number else job_id


def keys(name: str) -> list[str]:
    """The names of a site's keys, in the order of PARTS; in one place wherever Redis spreads."""
    return [f"{_PREFIX}:{{{name}}}:{part}" for part in PARTS]


def tell(name: str, budget: Budget) -> None:
    """Lets every crawl of the site know its budget, at their next turn. Raises BellAway."""
    rate = budget.requests_per_second
    try:
        seconds, micros = _redis().time()
        fields: dict[Any, Any] = {
            "interval": round(_MILLION / rate) if rate else 0,
            "places": budget.in_flight,
            "told": seconds * _MILLION + micros,
        }
        with _redis().pipeline(transaction=False) as calls:
            calls.hset(keys(name)[0], mapping=fields)
            calls.expire(keys(name)[0], _REMEMBERED_SECONDS)
            calls.execute()
    except RedisError as error:
        raise BellAway(f"{trouble(error)}.") from error


def look_up(name: str) -> None:
    """Tells the budget that the site's row says. Raises BellAway or DatabaseAway."""
    tell(name, budgets.of(name))


def note_use(client: Any, name: str) -> None:
    """Puts a site among those at work lately."""
    now = client.time()[0]
    with client.pipeline(transaction=False) as calls:
        calls.zadd(_INDEX, {name: now})
        calls.zremrangebyscore(_INDEX, "-inf", now - _REMEMBERED_SECONDS)
        # Links lead to more hosts than anybody looks at.
        calls.zremrangebyrank(_INDEX, 0, -_MOST_SITES - 1)
        calls.execute()


def leave(crawl: str) -> None:
    """Frees the places of a crawl that is gone, at the sites of these minutes. Raises BellAway."""
    try:
        client = _redis()
        since = client.time()[0] - _AT_WORK_SECONDS
        names: Any = client.zrange(
            _INDEX, "+inf", since, desc=True, byscore=True, offset=0, num=_MOST_LEFT
        )
        with client.pipeline(transaction=False) as calls:
            for name in names:
                _state, crawls, flights, line = keys(name.decode())
                calls.zrem(crawls, crawl)
                calls.hdel(flights, crawl)
                calls.zrem(line, crawl)
            calls.execute()
    except RedisError as error:
        raise BellAway(f"{trouble(error)}.") from error


def note_wait(client: Any, crawl: str, wait: Wait | None) -> None:
    """Says that a job waits for a site, or no longer does; of its crawls the last word counts."""
    job_id = crawl.partition("/")[0]
    if wait is None:
        client.hdel(_WAITS, job_id)
        return
    client.hset(_WAITS, job_id, f"{wait.until.timestamp():.0f} {wait.cause} {wait.site}")
    client.expire(_WAITS, _REMEMBERED_SECONDS)


def wait_of(job_id: UUID) -> Wait | None:
    """What a running job waits for, as far as Redis says at once; never raises."""
    if _Rest.until > monotonic():
        return None
    try:
        said: Any = _redis().hget(_WAITS, str(job_id))
    except RedisError:
        _Rest.until = monotonic() + _REST_SECONDS
        return None
    if said is None:
        return None
    until, cause, site = said.decode().split(" ", 2)
    wait = Wait(site, Cause(cause), datetime.fromtimestamp(int(until), UTC))
    return wait if wait.until > datetime.now(UTC) else None


def used(*, most: int = 200) -> Sequence[Use]:
    """The sites at work within a day, the last ones first. Raises BellAway."""
    try:
        client = _redis()
        found: Any = client.zrange(_INDEX, 0, most - 1, desc=True, withscores=True)
        with client.pipeline(transaction=False) as calls:
            calls.time()
            for name, _ in found:
                state, crawls, flights, _line = keys(name.decode())
                calls.hgetall(state)
                calls.zrange(crawls, 0, -1)
                calls.hvals(flights)
            answers = calls.execute()
    except RedisError as error:
        raise BellAway(f"{trouble(error)}.") from error
    (seconds, micros), parts = answers[0], answers[1:]
    now = seconds * _MILLION + micros
    return [
        _use(name.decode(), last, parts[3 * at : 3 * at + 3], now)
        for at, (name, last) in enumerate(found)
    ]


def _use(name: str, last: float, parts: Any, now: int) -> Use:
    state = {field.decode(): value for field, value in parts[0].items()}
    hold = float(state.get("hold", 0))
    is_held = hold > now
    return Use(
        name,
        datetime.fromtimestamp(last, UTC),
        requests=_last_minute(state, now),
        in_flight=sum(map(int, parts[2])),
        # By this process's clock, as whoever reads it compares.
        hold_until=datetime.now(UTC) + timedelta(microseconds=hold - now) if is_held else None,
        cause=Cause(state["why"].decode()) if is_held and "why" in state else None,
        part=part_left(float(state.get("slow", 1)), (now - hold) / _MILLION),
        crawl_delay_seconds=float(state.get("delay", 0)) / _MILLION,
        job_ids=list(dict.fromkeys(job_id for member in parts[1] if (job_id := _job_id(member)))),
    )


def part_left(part: float, quiet_seconds: float) -> float:
    """What complaints have left of a budget, which doubles every two minutes after the last."""
    return float(min(1, part * 2 ** (min(max(0, quiet_seconds), 3_600) / _RECOVERY_SECONDS)))


def _last_minute(state: dict[str, bytes], now: int) -> float:
    """This minute's requests, and so much of the last one's as belongs to the last 60 s."""
    minute, passed = divmod(now / (60 * _MILLION), 1)
    age = minute - float(state.get("minute", 0))
    count, before = float(state.get("count", 0)), float(state.get("before", 0))
    if age > 1:
        return 0
    return count * (1 - passed) if age == 1 else count + before * (1 - passed)


def _job_id(member: bytes) -> UUID | None:
    """None of a crawl that is no job."""
    try:
        return UUID(member.decode().partition("/")[0])
    except ValueError:
        return None


class _Rest:
    """Until when Redis is left alone by pages that can do without."""

    until = 0.0


@cache
def _redis() -> Redis:
    # A hanging Redis must not hold up a page.
    return client(_TIMEOUT_SECONDS, retry=Retry(NoBackoff(), 0))
