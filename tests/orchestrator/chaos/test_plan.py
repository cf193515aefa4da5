from collections import Counter
from itertools import pairwise

from orchestrator.chaos import plan
from orchestrator.chaos.plan import Strike
from orchestrator.chaos.victims import SERVERS, Kind


def drawn(kills: int, seed: int = 1, *, with_servers: bool = False) -> list[Strike]:
    return plan.draw(kills, seed, longest_pause_seconds=4, with_servers=with_servers)


def hits(strikes: list[Strike]) -> Counter[Kind]:
    return Counter(kind for strike in strikes for kind in strike.kinds)


def test_a_seed_gives_the_same_storm_again() -> None:
    assert drawn(50, seed=3) == drawn(50, seed=3)
    assert drawn(50, seed=3) != drawn(50, seed=4)


def test_a_storm_has_exactly_the_kills_that_were_asked_for() -> None:
    assert [hits(drawn(kills, seed=kills)).total() for kills in range(1, 60)] == list(range(1, 60))


def test_every_kind_is_hit_and_those_that_crawl_the_most() -> None:
    counted = hits(drawn(2_000))
    assert set(counted) == set(Kind) - SERVERS
    often = [kind for kind, _ in counted.most_common(3)]
    assert set(often) == {Kind.CRAWLER, Kind.FORKSERVER, Kind.WORKER_CRAWLS}


def test_the_servers_are_hit_only_when_that_was_asked_for() -> None:
    assert not set(hits(drawn(500))) & SERVERS
    assert set(hits(drawn(500, with_servers=True))) >= SERVERS


def test_some_strikes_take_a_worker_and_its_crawler_at_once() -> None:
    assert (Kind.WORKER_CRAWLS, Kind.CRAWLER) in {strike.kinds for strike in drawn(200)}


def test_the_supervisor_is_not_hit_so_often_that_kumo_up_gives_up() -> None:
    strikes = drawn(3_000)
    hit = [at for at, strike in enumerate(strikes) if Kind.SUPERVISOR in strike.kinds]
    assert len(hit) > 10
    assert min(later - earlier for earlier, later in pairwise(hit)) > 25


def test_pauses_are_as_long_as_was_said_at_the_most() -> None:
    pauses = [strike.pause_seconds for strike in drawn(500)]
    assert 0.1 <= min(pauses) < 1
    assert 3 < max(pauses) <= 4
