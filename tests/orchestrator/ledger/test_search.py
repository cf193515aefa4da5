import time
from collections.abc import Mapping
from typing import Any

import pytest

from orchestrator import database
from orchestrator.ledger import browsing, search, targets
from orchestrator.ledger.item_views import FieldFilter, ItemView, Operator
from tests.orchestrator.ledger import given, scraped

HOSTILE = [
    "it's", "'' OR 1=1 --", "a\\b", "\\", "'", "x:*", "a & !b | (c)", "<->", ":ABCD", "7:7=7",
    "%s %(x)s :name", "\u202eabc", "🦊 fox", "a\x01b", "é\u0301", "ﬀ", "İstanbul",
]  # fmt: skip


def found(target_id: int, text: str = "", **equal: str) -> list[str]:
    """The urls of the items that a search finds."""
    filters = tuple(FieldFilter(name, Operator.IS, value) for name, value in equal.items())
    page = given.do(browsing.page, target_id, ItemView(search=text, filters=filters))
    return sorted(item.data["url"] for item in page.items)


def learned(**options: Any) -> int:
    return search.catch_up(**options)


def stocked(target_id: int, *found: Mapping[str, Any], **options: Any) -> None:
    scraped.by_a_job(target_id, found, **options)


def test_items_are_found_by_their_words_in_their_target_only(target_id: int) -> None:
    other = given.a_target("other")
    stocked(target_id, {"url": "1", "name": "Oak stool"}, {"url": "2", "name": "Oak table"})
    stocked(other, {"url": "3", "name": "Oak bench"})
    assert found(target_id, "oak") == []
    assert learned() == 3
    assert found(target_id, "OAK") == ["1", "2"]
    assert found(target_id, "table oak") == ["2"]
    assert found(target_id, "sto") == ["1"]
    assert found(target_id, "sto oak") == []
    assert found(other, "oak") == ["3"]
    assert found(target_id, "!!!") == []


def test_japanese_is_found_in_any_width_from_any_letter_on(target_id: int) -> None:
    stocked(target_id, {"url": "1", "name": "高級万年筆（細字）ＡＢＣ－１２", "maker": "ﾊﾟｲﾛｯﾄ"})
    learned()
    for text in ("万年筆", "年筆", "筆", "高", "パイロット", "ﾊﾟｲﾛｯﾄ", "abc", "１２", "細字 高級"):
        assert found(target_id, text) == ["1"], text
    assert found(target_id, "筆万") == []


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_found_by_itself_and_harms_nothing(hostile: str, target_id: int) -> None:
    stocked(target_id, {"url": "1", "name": hostile, hostile: "x"}, {"url": "2", "name": "other"})
    learned()
    by_text = found(target_id, hostile)
    assert by_text == ["1"] or hostile in ("\\", "'", "<->")
    assert found(target_id, name=hostile) == ["1"]
    assert found(target_id, **{hostile: "x"}) == ["1"]


def test_a_changed_item_is_found_by_its_new_words_and_not_by_its_old(target_id: int) -> None:
    stocked(target_id, {"url": "1", "name": "oak"})
    learned()
    stocked(target_id, {"url": "1", "name": "beech"})
    assert learned() == 1
    assert (found(target_id, "oak"), found(target_id, "beech")) == ([], ["1"])


def test_an_item_of_four_megabytes_is_learned(target_id: int) -> None:
    large = {"url": "1", "name": "stool", "text": "万年筆と紙 " * 220_000}
    stocked(target_id, *({**large, "url": str(n)} for n in range(3)))
    assert learned() == 3
    assert found(target_id, "stool") == ["0", "1", "2"]


def test_equal_values_are_found_however_a_number_is_written(target_id: int) -> None:
    stocked(target_id, {"url": "1", "price": 39.5}, {"url": "2", "price": "39.50"})
    stocked(target_id, {"url": "3", "price": "39.51"}, {"url": "4", "price": "39.5 EUR"})
    learned()
    for number in ("39.5", "39.50"):
        assert found(target_id, price=number) == ["1", "2"]
    assert found(target_id, price="39.5 EUR") == ["4"]


def test_what_is_known_is_not_learned_again(target_id: int) -> None:
    stocked(target_id, {"url": "1", "name": "oak"})
    assert [learned(), learned(), learned()] == [1, 0, 0]
    stocked(target_id, {"url": "1", "name": "oak"})
    assert learned() == 0


def test_words_that_are_old_or_missing_are_mended(target_id: int) -> None:
    stocked(target_id, {"url": "1", "name": "oak"}, {"url": "2", "name": "oak"})
    learned()
    given.execute("DELETE FROM item_words WHERE item_id = 1")
    given.execute("UPDATE item_words SET content_hash = 'x', words = '' WHERE item_id = 2")
    assert learned() == 2
    assert found(target_id, "oak") == ["1", "2"]


def test_the_first_reading_goes_on_where_it_was_cut_off(
    target_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_ITEMS", 10)
    scraped.many(target_id, 25)
    for known in (10, 20):
        _one_batch()
        assert given.count("item_words") == known
        assert given.do(search.knowledge).until is None
    assert learned() == 5
    assert given.do(search.knowledge).until is not None
    assert learned() == 0


def _one_batch() -> None:
    # Time for the first batch and no more.
    times = iter((0.0, 0.0, 100.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search.time, "monotonic", lambda: next(times))
        search.catch_up(seconds=1)


def test_what_changes_during_the_first_reading_is_read_after_it(
    target_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_ITEMS", 2)
    stocked(target_id, *({"url": str(n), "name": "oak"} for n in range(3)))
    _one_batch()
    stocked(target_id, {"url": "0", "name": "beech"})
    learned()
    learned()
    assert found(target_id, "beech") == ["0"]


def test_only_targets_with_a_job_since_then_are_looked_at(target_id: int) -> None:
    learned()
    stocked(target_id, {"url": "1", "name": "oak"})
    given.execute("UPDATE scraping_jobs SET completed_at = now() - interval '3 minutes'")
    assert learned() == 0
    given.execute("UPDATE scraping_jobs SET completed_at = now() - interval '1 minute'")
    assert learned() == 1


def test_items_of_a_running_job_are_learned(target_id: int) -> None:
    learned()
    stocked(target_id, {"url": "1", "name": "oak"}, ended=False)
    assert learned() == 1


def test_one_run_at_a_time_learns(target_id: int) -> None:
    stocked(target_id, {"url": "1", "name": "oak"})
    with database.transaction() as session:
        assert search._take_turn(session)
        assert learned() == 0
    assert learned() == 1


def test_all_batches_of_a_run_are_read_when_many_changed_at_once(
    target_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned()
    monkeypatch.setattr(search, "MOST_ITEMS", 10)
    stocked(target_id, *({"url": str(n)} for n in range(35)))
    assert learned() == 35


def test_a_deleted_target_holds_nothing_up(target_id: int) -> None:
    stocked(target_id, {"url": "1"})
    given.do(lambda session: targets.delete(session, targets.find(session, target_id)))
    assert learned() == 1


def test_twenty_thousand_items_are_learned_in_a_few_runs(target_id: int) -> None:
    words = (
        "jsonb_build_object('name', 'Oak stool ' || n, 'price', n, 'text', repeat('lorem ', 40))"
    )
    scraped.many(target_id, 5_000, words)
    began = time.monotonic()
    assert learned() == 5_000
    assert time.monotonic() - began < 15
