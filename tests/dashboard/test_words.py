from datetime import UTC, datetime

import pytest

from dashboard import words
from orchestrator.ledger.browsing import ItemRow


@pytest.mark.parametrize(("value", "shown"), [(0, "0"), (999, "999"), (1_234_567, "1,234,567")])
def test_numbers_have_separators(value: int, shown: str) -> None:
    assert words.number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0 bytes"), (999, "999 bytes"), (1_234_567, "1.2 MB"), (5 * 10**15, "5,000.0 TB")],
)
def test_sizes_have_a_unit(value: int, shown: str) -> None:
    assert words.size(value) == shown


@pytest.mark.parametrize(
    ("scraped", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;https://evil.example\x07click\x1b]8;;\x07", "click"),
        ("a\x00b\x07c", "abc"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("over\rwritten", "overwritten"),
        ("\u202egnp.exe\u202d \u2066safe\u2069", "gnp.exe safe"),
        ("e\u0301 \u0e01\u0e33", "e\u0301 \u0e01\u0e33"),
        ("Z" + "\u0301" * 300, "Z" + "\u0301" * 6),
        ("蜘蛛 & 雲", "蜘蛛 & 雲"),
    ],
)
def test_terminal_codes_and_controls_are_taken_out(scraped: str, shown: str) -> None:
    assert words.plain(scraped) == shown


def test_a_message_is_its_first_line_and_the_rest_is_its_traceback() -> None:
    message = "\nIt broke.\nTraceback:\n  line 1\n"
    assert words.first_line(message) == "It broke."
    assert words.other_lines(message) == "Traceback:\n  line 1"


@pytest.mark.parametrize(
    ("scraped", "shown"),
    [
        (None, ""),
        (12.5, "12.5"),
        (True, "true"),
        (["red", "blue"], "red, blue"),
        ([1, 2], "[1,2]"),
        ({"価格": 100}, '{"価格":100}'),
    ],
)
def test_a_field_of_any_kind_is_one_text(scraped: object, shown: str) -> None:
    assert words.value(scraped) == shown


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("https://shop.example/p?a=1&b=商品", True),
        ("HTTP://shop.example", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ('https://x.example/"onclick="x', False),
        ("see https://x.example", False),
    ],
)
def test_only_web_addresses_become_links(text: str, link: bool) -> None:
    assert words.is_link(text) is link


def test_columns_are_the_commonest_fields_with_the_name_first() -> None:
    fields = [{"url": 1, "price": 1, "name": 1}, {"price": 1, "name": 1, "rare": 1}]
    now = datetime.now(UTC)
    items = [ItemRow(at, "", now, now, now, None, data) for at, data in enumerate(fields)]
    assert words.item_columns(items) == ["name", "price", "rare", "url"]
    assert words.item_columns(items, most=2) == ["name", "price"]
