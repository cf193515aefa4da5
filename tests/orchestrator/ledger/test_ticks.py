from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.ledger import ticks
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")


def test_the_last_sign_of_life_of_each_is_kept() -> None:
    assert given.do(ticks.last) == {}
    given.do(ticks.tick, ticks.BEAT)
    given.execute("UPDATE ticks SET at = now() - interval '1 hour'")
    given.do(ticks.tick, ticks.SWEEP)
    last = given.do(ticks.last)
    assert datetime.now(UTC) - last[ticks.BEAT] > timedelta(minutes=59)
    given.do(ticks.tick, ticks.BEAT)
    assert given.do(ticks.last)[ticks.BEAT] >= last[ticks.SWEEP]


def test_one_sweep_at_a_time_has_its_turn() -> None:
    first, second = given.overtaken(ticks.take_turn, ticks.take_turn)
    assert (first, second) == (True, False)
    assert given.do(ticks.take_turn)
