from datetime import timedelta

import pytest

from orchestrator.ledger import ticks
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")


def test_the_age_of_the_last_sign_of_life_of_each_is_told() -> None:
    assert given.do(ticks.ages) == {}
    given.do(ticks.tick, ticks.BEAT)
    given.execute("UPDATE ticks SET at = now() - interval '1 hour'")
    given.do(ticks.tick, ticks.SWEEP)
    ages = given.do(ticks.ages)
    assert ages.keys() == {ticks.BEAT, ticks.SWEEP}
    assert ages[ticks.BEAT] - ages[ticks.SWEEP] > timedelta(minutes=59)
    given.do(ticks.tick, ticks.BEAT)
    assert given.do(ticks.ages)[ticks.BEAT] < timedelta(minutes=1)


def test_one_sweep_at_a_time_has_its_turn() -> None:
    first, second = given.overtaken(ticks.take_turn, ticks.take_turn)
    assert (first, second) == (True, False)
    assert given.do(ticks.take_turn)
