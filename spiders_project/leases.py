"""The job's keys in Redis: what is queued, what is leased, what is done; one script call a trip.

Redis is a helper that may forget. Each answer carries a number that only rises: when it falls, or
the mark is gone, Redis came back with older data or none, and the attempt must end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from redis.exceptions import RedisError
from scrapy_redis.connection import get_redis

from orchestrator import config, frontiers
from orchestrator.exceptions import BellAway, LeaseLost

_LUA = Path(__file__).parent / "lua"
#: A stalled Redis blocks the event loop for so long.
_TIMEOUT_SECONDS = 2


class FrontierLost(Exception):  # a state of Redis, told in the words of the design
    """Redis no longer has the job's frontier, or has an older one."""


class FrontierAway(Exception):
    """Redis does not answer, or refuses; the same call may be made again."""


@dataclass(slots=True)
class Push:
    """A request to be queued."""

    id: bytes
    #: Lower is taken first.
    score: float
    record: bytes


@dataclass(slots=True)
class Trip:
    """What one call carries to Redis; sending it twice changes nothing."""

    pushes: Sequence[Push] = ()
    done: Sequence[bytes] = ()
    renewed: Sequence[bytes] = ()
    returned: Sequence[bytes] = ()
    seeded: bool = False
    reached: bool = False


@dataclass(slots=True)
class Answer:
    """The frontier after a trip."""

    #: Requests ever queued, and those acknowledged.
    queued: int = 0
    done: int = 0
    waiting: int = 0
    leased: int = 0
    #: Crawls that share the attempt, this one among them.
    crawls: int = 1
    #: One of them has reached a start page.
    reached: bool = False
    #: Newly leased to this crawl: id and record.
    taken: list[tuple[bytes, bytes]] = field(default_factory=list)


class LeaseBook:
    """One crawl's view of its job's frontier."""

    def __init__(self, job_id: str, attempt: int, number: int = 0) -> None:
        self._job_id = job_id
        self._attempt, self._number = attempt, number
        self._keys = frontiers.keys(job_id)
        self._redis = get_redis(
            url=config.get().require_redis_url(),
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            # As in frontiers.client.
            driver_info=None,
        )
        self._open = self._redis.register_script((_LUA / "open.lua").read_text())
        self._step = self._redis.register_script((_LUA / "step.lua").read_text())
        self._epoch = b""
        self._tick = 0

    def open(self, *, afresh: bool) -> tuple[bool, bool]:
        """Takes the frontier over, or joins it: was it seeded, a start page reached, before?

        Raises LeaseLost or FrontierAway.
        """
        arguments = [self._attempt, self._number, uuid4().hex, "1" if afresh else "0"]
        answer = self._call(self._open, arguments)
        self._epoch, self._tick = answer[0], int(answer[3])
        return answer[1] == b"1", answer[2] == b"1"

    def travel(self, trip: Trip, *, take: int, lease_seconds: float) -> Answer:
        """Carries a trip and leases up to `take` requests.

        Raises LeaseLost, FrontierLost or FrontierAway; after the last the trip may be made again.
        """
        arguments: list[Any] = [
            self._epoch, self._attempt, self._number, int(lease_seconds * 1000), take,
            int(trip.seeded), int(trip.reached), len(trip.pushes),
        ]  # fmt: skip
        for push in trip.pushes:
            arguments += (push.id, push.score, push.record)
        for ids in (trip.done, trip.renewed, trip.returned):
            arguments.append(len(ids))
            arguments += ids
        answer = self._call(self._step, arguments)
        if answer[0] <= self._tick:
            raise FrontierLost("Redis came back with an older frontier")
        self._tick = answer[0]
        _, queued, done, waiting, leased, crawls, reached, taken = answer
        pairs = list(zip(taken[::2], taken[1::2], strict=True))
        return Answer(queued, done, waiting, leased, crawls, reached == 1, pairs)

    def leave(self) -> int:
        """Gives back whatever is still leased to this crawl; how many others there are.

        Raises FrontierAway.
        """
        try:
            return frontiers.leave(self._job_id, self._attempt, self._number)
        except BellAway as error:
            raise FrontierAway(str(error)) from error

    def close(self) -> None:
        self._redis.close()

    def _call(self, script: Any, arguments: list[Any]) -> Any:
        try:
            answer = script(keys=self._keys, args=arguments)
        except RedisError as error:
            raise FrontierAway(frontiers.trouble(error)) from error
        if answer == b"lost":
            raise FrontierLost("Redis has lost the frontier")
        if answer == b"fenced":
            raise LeaseLost("A later attempt, or another crawl of this one, has its place.")
        return answer
