"""What is new since a person last said that they have seen the changes."""

import pytest

from orchestrator.ledger import changes, marks, ticks
from orchestrator.ledger.filters import ChangeFilter
from tests.orchestrator.ledger import given
from tests.orchestrator.ledger.test_changes import crawl, pen

pytestmark = pytest.mark.usefixtures("database")


def unseen(user_id: int, target_id: int | None = None) -> int | None:
    found = given.do(marks.unseen, user_id, target_id)
    return found.count if found else None


def test_what_came_since_is_counted_for_everything_and_for_each_target(target_id: int) -> None:
    other = given.a_target("other")
    hanako, taro = given.a_person("hanako"), given.a_person("taro")
    crawl(target_id, pen(1), pen(2))
    assert unseen(hanako) is None
    newest = given.do(changes.page, ChangeFilter()).changes[0].place.at
    given.do(marks.mark, hanako, newest)
    assert unseen(hanako) == 0
    crawl(target_id, pen(1, price=1))
    crawl(other, pen(1))
    assert (unseen(hanako), unseen(hanako, target_id), unseen(hanako, other)) == (3, 2, 1)
    given.do(marks.mark, hanako, given.do(ticks.now), target_id=target_id)
    assert (unseen(hanako), unseen(hanako, target_id), unseen(hanako, other)) == (3, 0, 1)
    assert unseen(taro) is None


def test_a_mark_never_goes_back(target_id: int) -> None:
    hanako = given.a_person("hanako")
    crawl(target_id, pen(1))
    then = given.do(changes.page, ChangeFilter()).changes[0].place.at
    crawl(target_id, pen(1), pen(2))
    for until in (given.do(ticks.now), then):
        given.do(marks.mark, hanako, until)
        given.do(marks.mark, hanako, until, target_id=target_id)
    assert (unseen(hanako), unseen(hanako, target_id)) == (0, 0)
