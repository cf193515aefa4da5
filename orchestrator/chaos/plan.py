"""The course of a storm, drawn from its seed before it begins.

What happens between two kills depends on the machine; whom they meant and how long they waited can
be repeated.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.chaos.victims import SERVERS, Kind

#: How often each kind is hit, beside the others.
_WEIGHTS = {
    Kind.CRAWLER: 40,
    Kind.FORKSERVER: 15,
    Kind.WORKER_CRAWLS: 20,
    Kind.WORKER_CONTROL: 6,
    Kind.BEAT: 6,
    Kind.DASHBOARD: 6,
    Kind.SUPERVISOR: 3,
    Kind.POSTGRES: 8,
    Kind.VALKEY: 8,
}
#: One in so many strikes takes a worker and one of its crawlers at once.
_DOUBLE = 8
#: One in so many strikes does not wait until something is being crawled.
_EAGER = 4
#: `kumo up` gives up when its supervisor dies all the time.
_STRIKES_BETWEEN_SUPERVISORS = 25
_SHORTEST_PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Strike:
    """One moment of the storm."""

    #: Since the last one, at the least.
    pause_seconds: float
    #: Who is hit, together.
    kinds: tuple[Kind, ...]
    #: Which of several processes of a kind: a part of their number, from 0 to 1.
    which: float
    #: It comes even when nothing is being crawled.
    eager: bool


def draw(
    kills: int, seed: int, *, longest_pause_seconds: float, with_servers: bool = False
) -> list[Strike]:
    """The strikes of a storm of so many kills."""
    chance = random.Random(seed)  # noqa: S311  # to be repeated, not to be secret
    strikes: list[Strike] = []
    left = kills
    for victims in _victims(chance, with_servers=with_servers):
        kinds = victims[:left]
        pause = chance.uniform(_SHORTEST_PAUSE_SECONDS, longest_pause_seconds)
        eager = chance.randrange(_EAGER) == 0
        strikes.append(Strike(pause, kinds, chance.random(), eager))
        left -= len(kinds)
        if not left:
            break
    return strikes


def _victims(chance: random.Random, *, with_servers: bool) -> Iterator[tuple[Kind, ...]]:
    kinds = [kind for kind in _WEIGHTS if with_servers or kind not in SERVERS]
    weights = [_WEIGHTS[kind] for kind in kinds]
    since_supervisor = _STRIKES_BETWEEN_SUPERVISORS
    while True:
        since_supervisor += 1
        if chance.randrange(_DOUBLE) == 0:
            yield Kind.WORKER_CRAWLS, Kind.CRAWLER
            continue
        (kind,) = chance.choices(kinds, weights)
        if kind is Kind.SUPERVISOR:
            if since_supervisor <= _STRIKES_BETWEEN_SUPERVISORS:
                continue
            since_supervisor = 0
        yield (kind,)
