"""The table that a person sees of what a recipe reads."""

from spiders_project import preview
from spiders_project.extraction import Extracted, Fault, Link


def states(found: Extracted) -> list[list[str]]:
    return [[cell["state"] for cell in row] for row in preview.of(found)["rows"]]


def test_columns_are_those_of_all_rows_with_how_many_have_one() -> None:
    shown = preview.of(Extracted([{"a": 1}, {"b": "x", "a": None}, {"a": 0, "b": ""}]))
    assert shown["columns"] == [{"name": "a", "filled": 2}, {"name": "b", "filled": 1}]
    assert shown["count"] == 3


def test_what_is_empty_is_marked_and_zero_is_not() -> None:
    assert states(Extracted([{"a": 0}, {"a": ""}, {"a": []}, {"a": None}])) == [
        ["fine"], ["empty"], ["empty"], ["empty"],
    ]  # fmt: skip


def test_what_is_of_another_kind_than_its_column_is_marked() -> None:
    rows = [{"price": number} for number in (1, 2, 3.5, 4, 5)]
    assert states(Extracted([*rows, {"price": "ask us"}])) == [["fine"]] * 5 + [["odd"]]
    # Of a column of which nothing is said, nothing is odd.
    assert states(Extracted([{"a": 1}, {"a": "x"}])) == [["fine"], ["fine"]]


def test_a_fault_stands_in_its_cell_or_above_the_table() -> None:
    faults = [Fault("no number", row=0, field="price"), Fault("The page has too many.")]
    shown = preview.of(Extracted([{"price": "a"}, {"price": "b"}], faults=faults))
    assert shown["rows"][0][0] == {"text": "a", "state": "odd", "why": "no number"}
    assert shown["faults"] == ["The page has too many."]


def test_large_and_hostile_values_are_cut_and_storable() -> None:
    row = {"a\0": "x" * 9_000, "b": {"deep": [1, "\ud800"]}, "c": ["p", "q"], "d": 10**40}
    shown = preview.of(Extracted([row] * 50))
    assert len(shown["rows"]) == preview.MOST_ROWS
    first = [cell["text"] for cell in shown["rows"][0]]
    assert len(first[0]) == 301
    assert first[2] == "p, q"
    assert "\0" not in str(shown)
    assert "\ud800" not in str(shown)


def test_it_says_where_the_page_leads() -> None:
    links = [Link("https://a.example/2", "next"), Link("https://a.example/p", "follow")]
    shown = preview.of(Extracted([], links))
    assert (shown["next"], shown["follow"], shown["count"]) == ("https://a.example/2", 1, 0)


def test_a_sample_is_the_first_rows_without_what_is_empty() -> None:
    rows = [{"a": 1.5, "b": ""}, {"a": "x" * 100}, {}, {"a": "fourth"}]
    assert preview.sample(rows) == [{"a": "1.5"}, {"a": "x" * 80 + "…"}, {}]
