"""Names and deletion of a job's keys in Redis, and what a crawl that has left still held there.

The keys follow scrapy-redis's style, `%(owner)s:requests`, with the job in braces as their owner:
Redis then keeps a job's keys together wherever it spreads others.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from redis import Redis
from redis.exceptions import RedisError

from orchestrator import config
from orchestrator.exceptions import BellAway

#: What a frontier consists of, in the order the scripts take them.
PARTS = ("mark", "requests", "queue", "leases")

_PREFIX = "kumo"


def keys(job_id: str) -> list[str]:
    """The names of a job's keys, in the order of PARTS."""
    return [f"{_PREFIX}:{{{job_id}}}:{part}" for part in PARTS]


def delete(job_id: str) -> None:
    """Deletes what a job has in Redis, without blocking it. Raises BellAway."""
    try:
        _redis().unlink(*keys(job_id))
    except RedisError as error:
        raise BellAway(f"{trouble(error)}.") from error


def leave(job_id: str, attempt: int, number: int, *, left_out: Iterable[str] = ()) -> int:
    """Fences a crawl that others go on without, and gives back what it held; how many they are.

    `left_out` are ids, in hex, of pages that none of them is to take. Raises BellAway.
    """
    ids = [bytes.fromhex(each) for each in left_out]
    try:
        left: Any = _redis().eval(_leave(), len(PARTS), *keys(job_id), attempt, number, *ids)
    except RedisError as error:
        raise BellAway(f"{trouble(error)}.") from error
    return left if isinstance(left, int) else 0


def owners() -> list[UUID]:
    """The jobs that have a frontier. Raises BellAway."""
    try:
        marks = list(_redis().scan_iter(match=f"{_PREFIX}:{{*}}:mark", count=1_000))
    except RedisError as error:
        raise BellAway(f"{trouble(error)}.") from error
    return [UUID(mark.decode().split("{")[1].split("}")[0]) for mark in marks]


def delete_all() -> int:
    """Deletes every job's frontier; how many there were. Raises BellAway."""
    jobs = owners()
    for job_id in jobs:
        delete(str(job_id))
    return len(jobs)


def ping() -> None:
    """Raises BellAway unless Redis answers within its time."""
    try:
        _redis().ping()
    except RedisError as error:
        raise BellAway(f"{trouble(error)}.") from error


def trouble(error: BaseException) -> str:
    """What keeps Redis from serving, in words that a full stop may follow."""
    if "maxmemory" in str(error):
        return "Redis does not take anything more, its memory is full (maxmemory)"
    return f"Redis does not answer: {str(error).rstrip('.')}"


@cache
def _leave() -> str:
    return (Path(__file__).parent / "lua" / "leave.lua").read_text()


def client(seconds: float, **options: Any) -> Redis:
    """A client of the installation's Redis that waits so long for it, and no longer."""
    return Redis.from_url(
        config.get().require_redis_url(),
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        # Else each reads on the disk which version it has, and tells it to Redis in two trips more.
        driver_info=None,
        **options,
    )


@cache
def _redis() -> Redis:
    # A hanging Redis must not hold up a button.
    return client(2)
