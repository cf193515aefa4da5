"""The numbers of an item over time, from real checkpoints."""

from typing import Any

import pytest

from orchestrator.ledger import timelines, trends
from orchestrator.ledger.models import ChangeKind
from tests.orchestrator.ledger import given
from tests.orchestrator.ledger.test_revisions import crawl, item_id

pytestmark = pytest.mark.usefixtures("database")


def told(*states: dict[str, Any]) -> dict[str, list[str | None]]:
    target_id = given.a_target()
    for state in states:
        crawl(target_id, state)
    found = given.do(trends.of_item, item_id())
    for trend in found:
        assert [at for at, _ in trend.values] == sorted(at for at, _ in trend.values)
    return {trend.name: [value for _, value in trend.values] for trend in found}


def test_numbers_that_changed_are_told_the_oldest_first() -> None:
    states = [{"price": n, "stock": str(n // 2), "name": f"n{n}", "same": 1} for n in range(4)]
    assert told(*states) == {"price": ["0", "1", "2", "3"], "stock": ["0", "1"]}


def test_a_time_without_a_number_is_none() -> None:
    states: list[dict[str, Any]] = [{"price": 1.5}, {}, {"price": "on request"}, {"price": 2}]
    assert told(*states) == {"price": ["1.5", None, "2"]}


def test_whole_revisions_of_old_are_read_too() -> None:
    told({"price": 1, "stock": 5}, {"price": 2, "stock": 5}, {"price": 3, "stock": 5})
    given.execute("UPDATE item_revisions SET data = data || '{\"stock\": 5}', added = NULL")
    found = given.do(trends.of_item, item_id())
    assert {each.name: len(each.values) for each in found} == {"price": 3}


def test_what_is_no_number_or_no_longer_one_has_no_trend() -> None:
    assert told({"a": 1, "b": "x", "c": True}, {"a": "x", "b": "y", "c": False}) == {}


def test_a_life_is_told_in_pages_without_a_gap() -> None:
    target_id = given.a_target()
    for number in range(12):
        crawl(target_id, {"n": number})
    seen, before = [], None
    while True:
        page = given.do(timelines.page, item_id(), before=before, size=5)
        seen += page.events
        before = page.older
        if before is None:
            break
    assert [event.kind for event in seen] == [ChangeKind.CHANGED] * 11 + [ChangeKind.FOUND]
    changes = [event.difference.fields[0] for event in seen if event.difference]
    assert [(each.before, each.after) for each in changes] == [
        (str(number), str(number + 1)) for number in reversed(range(11))
    ]
