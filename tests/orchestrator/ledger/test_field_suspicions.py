"""What is said of a field, by its numbers alone."""

import pytest

from orchestrator.ledger import field_suspicions
from orchestrator.ledger.comparisons import Case
from orchestrator.ledger.profiles import FieldProfile, Profile

pytestmark = pytest.mark.judging


def a_run(**shapes: int) -> Profile:
    """Of 240 items with a price that looks so."""
    price = FieldProfile(sum(shapes.values()), distinct=200, shapes=shapes)
    return Profile(240, 0, 0, 0, 10, 0, 60.0, 86_400.0, looked_at=240, fields={"price": price})


def said(now: Profile, *earlier: Profile) -> list[tuple[str, str | None, int]]:
    found = field_suspicions.find(Case(now, earlier * (10 // len(earlier))))
    return [(each.kind, each.field, each.numbers["count"]) for each in found]


def test_a_shape_that_was_never_there_is_told_where_it_is_not_the_most_frequent_one() -> None:
    assert said(a_run(number=180, text=60), a_run(number=240)) == [("shape", "price", 60)]
    assert said(a_run(number=200, text=40), a_run(number=240)) == []


def test_a_shape_that_comes_and_goes_is_usual() -> None:
    assert said(a_run(number=180, text=60), a_run(number=240), a_run(number=200, text=40)) == []


def test_a_field_that_is_gone_is_empty_in_every_item() -> None:
    gone = a_run(number=240)
    gone.fields = {}
    assert said(gone, a_run(number=238)) == [("empty", "price", 240)]
