import pytest

from orchestrator.ledger.norms import FEWEST, norm, straying

pytestmark = pytest.mark.judging


def test_too_few_values_give_no_norm() -> None:
    assert norm([1.0] * (FEWEST - 1), least=0) is None


def test_one_odd_run_widens_nothing() -> None:
    usual = norm([100, 101, 99, 100, 0], least=5)
    assert usual
    assert usual.is_below(90)
    assert (usual.lowest, usual.highest) == (99, 101)


def test_runs_that_stray_widen_the_norm() -> None:
    usual = norm([80, 120, 90, 110, 100, 85, 115, 95, 105, 100], least=5)
    assert usual
    assert not usual.is_outside(65)
    assert usual.is_below(20)


def test_what_is_near_an_excused_value_is_usual() -> None:
    usual = norm([100] * 5, least=10, excused=[50])
    assert usual
    assert not usual.is_outside(55)
    assert usual.is_below(70)
    assert usual.is_below(35)


def test_shares_of_few_items_stray_far() -> None:
    assert straying(1.0, 10) > 0.3
    assert straying(1.0, 2_000) < 0.005
