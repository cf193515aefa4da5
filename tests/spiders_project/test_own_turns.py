"""Turns without a Redis, with a clock that the tests turn."""

import pytest

from orchestrator.sites import Cause
from spiders_project.complaints import Complaint
from spiders_project.own_turns import OwnTurns
from spiders_project.turn_books import Answer, Asking

SITE, OWN = "shop.example", "127.0.0.1:8001"


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def turns(clock: Clock) -> OwnTurns:
    return OwnTurns(clock)


def test_turns_are_spaced_by_the_default_rate(turns: OwnTurns, clock: Clock) -> None:
    first = turns.ask(SITE, Asking(wanted=3))
    assert first == Answer(1, wait_seconds=pytest.approx(0.1))
    assert turns.ask(SITE, Asking(1, 2)).granted == 0
    clock.now += 0.1
    assert turns.ask(SITE, Asking(1, 2)).granted == 1


def test_requests_in_flight_are_capped(turns: OwnTurns) -> None:
    assert turns.ask(SITE, Asking(8, 1)) == Answer(0, wait_seconds=0.1)


def test_ones_own_machine_is_not_bound(turns: OwnTurns) -> None:
    assert turns.ask(OWN, Asking(100, 50)) == Answer(50)


def test_a_crawl_delay_is_kept(turns: OwnTurns, clock: Clock) -> None:
    assert turns.ask(OWN, Asking(wanted=2, delay=5)) == Answer(1, wait_seconds=5)
    clock.now += 4.9
    assert turns.ask(OWN, Asking(1, 1)).granted == 0


def test_a_pause_is_kept_and_a_learned_one_grows(turns: OwnTurns, clock: Clock) -> None:
    assert turns.complain(SITE, Complaint(60, too_many=False)) == 60
    assert turns.ask(SITE, Asking(wanted=1)) == Answer(0, 0, 60, 60, Cause.ASKED)
    assert turns.complain(SITE, Complaint(None, too_many=True)) == 60
    clock.now += 60
    assert turns.ask(SITE, Asking(wanted=1)).granted == 1
    for seconds in (2, 4, 8):
        assert turns.complain(SITE, Complaint(None, too_many=True)) == seconds
        clock.now += seconds
    clock.now += 1
    assert turns.ask(SITE, Asking(wanted=2)).wait_seconds > 0.7


def test_the_rate_recovers(turns: OwnTurns, clock: Clock) -> None:
    turns.complain(OWN, Complaint(None, too_many=True))
    clock.now += 3
    assert turns.ask(OWN, Asking(wanted=9)).granted == 1
    clock.now += 120
    assert turns.ask(OWN, Asking(wanted=9)).granted == 9
