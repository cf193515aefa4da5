"""Saved filters and feeds: whose they are, and what goes with whom."""

import pytest

from orchestrator.exceptions import FeedNotFound, FilterInvalid, FilterNotFound
from orchestrator.ledger import channels, feeds, people, saved_filters
from orchestrator.ledger.channels import Scope
from orchestrator.ledger.filters import ChangeFilter
from orchestrator.ledger.models import AlertChannel, AlertKind, Role
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")

PRICES = ChangeFilter(field="price")


def names(user_id: int) -> list[str]:
    return [saved.name for saved in given.do(saved_filters.seen_by, user_id)]


def test_everybodys_filters_are_seen_by_all_and_ones_own_by_oneself() -> None:
    hanako, taro = given.a_person("hanako"), given.a_person("taro")
    given.do(saved_filters.save, "prices", PRICES)
    own = given.do(saved_filters.save, "prices", ChangeFilter(text="x"), owner_id=hanako)
    assert (names(hanako), names(taro)) == (["prices", "prices"], ["prices"])
    with pytest.raises(FilterNotFound):
        given.do(saved_filters.remove, own.id, taro)
    with pytest.raises(FilterNotFound):
        given.do(feeds.make, taro, filter_id=own.id)


def test_saving_under_the_same_name_replaces_it() -> None:
    for which in (PRICES, ChangeFilter(text="x")):
        saved = given.do(saved_filters.save, "mine", which)
    assert saved_filters.which(saved) == ChangeFilter(text="x")
    assert given.count("saved_filters") == 1


def test_a_filter_that_an_alert_leans_on_stays() -> None:
    hanako = given.a_person("hanako")
    saved = given.do(saved_filters.save, "prices", PRICES)
    channel = AlertChannel(name="us", url="json://x.example")
    given.do(lambda session: session.add(channel))
    rule = given.do(channels.add_rule, channel.id, Scope(), [AlertKind.CHANGES], filter_id=saved.id)
    with pytest.raises(FilterInvalid, match="prices"):
        given.do(saved_filters.remove, saved.id, hanako)
    given.do(channels.remove_rule, rule.id)
    assert given.do(saved_filters.remove, saved.id, hanako) == "prices"


def test_a_token_opens_its_own_feed_until_it_is_withdrawn(target_id: int) -> None:
    hanako, taro = given.a_person("hanako"), given.a_person("taro", role=Role.VIEWER)
    saved = given.do(saved_filters.save, "prices", PRICES)
    feed, of_filter = given.do(feeds.make, hanako, filter_id=saved.id, language="ja")
    _, of_target = given.do(feeds.make, hanako, target="shop")
    _, of_all = given.do(feeds.make, taro)
    opened = given.do(feeds.opened, of_filter)
    assert (opened.which, opened.language, opened.name) == (PRICES, "ja", "prices")
    assert given.do(feeds.opened, of_target).which == ChangeFilter(target_id=target_id)
    assert given.do(feeds.opened, of_all).which == ChangeFilter()
    with pytest.raises(FeedNotFound):
        given.do(feeds.withdraw, feed.id, taro)
    given.do(feeds.withdraw, feed.id, hanako)
    given.do(people.remove, taro)
    for token in (of_filter, of_all, "nonsense", "\ud800"):
        with pytest.raises(FeedNotFound):
            given.do(feeds.opened, token)
    assert of_target.encode() not in given.execute("SELECT token_hash FROM change_feeds")[0][0]
