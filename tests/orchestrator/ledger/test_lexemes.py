import pytest

from orchestrator.ledger import lexemes


def words(**data: object) -> set[str]:
    return {each[2:] for each in lexemes.of_item(7, data) if each.startswith("7:")}


def values(**data: object) -> set[str]:
    return {each for each in lexemes.of_item(7, data) if each.startswith("7=")}


def test_words_are_runs_of_letters_and_digits_without_case_or_width() -> None:
    assert words(name="Oak-Stool ＮＯ．７ Straße") == {"oak", "stool", "no", "7", "strasse"}


def test_japanese_is_pairs_of_letters_and_the_last_one_alone() -> None:
    assert words(name="万年筆・ﾊﾟｿｺﾝ 字") == {
        "万年", "年筆", "筆", "パソ", "ソコ", "コン", "ン", "字",
    }  # fmt: skip


def test_scripts_that_meet_are_told_apart() -> None:
    assert words(name="第3回test大会") == {"第", "3", "回", "test", "大会", "会"}


def test_deep_values_are_read_and_names_of_fields_are_not() -> None:
    deep: object = "bottom"
    for _ in range(400):
        deep = [deep]
    assert words(outer={"inner": ["one", {"x": "two"}], "n": 3}, deep=deep) == {
        "one", "two", "3", "bottom",
    }  # fmt: skip


def test_a_long_text_leaves_room_for_a_name() -> None:
    found = words(description=" ".join(f"w{n}" for n in range(5_000)), name="stool")
    assert "stool" in found
    assert len(found) <= 500


def test_long_words_and_values_are_cut() -> None:
    assert words(name="x" * 5_000) == {"x" * 100}
    assert values(name="x" * 5_000) == {"7=name=" + "x" * 100}


def test_an_item_of_megabytes_is_read_in_a_moment() -> None:
    found = lexemes.of_item(7, {"text": "万年筆" * 1_300_000, "many": ["x"] * 500_000})
    assert len(found) < 700


def test_values_of_single_fields_are_whole_and_equal_numbers_are_equal() -> None:
    assert values(a="Red Oak", b=39.50, c="39.50", d=True, e=None, f=[1], g="007", h=1e20) == {
        "7=a=Red Oak", "7=b=39.5", "7=c=39.5", "7=d=true", "7=g=007",
        "7=h=100000000000000000000",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Oak stoo", "'7:oak' & '7:stoo':*"),
        ("万年筆", "'7:万年' & '7:年筆'"),
        ("万", "'7:万':*"),
        ("oak 万年", "'7:oak' & '7:万年'"),
        ("  !?・ ", None),
        ("", None),
        ("it's a \\ b", "'7:it' & '7:s' & '7:a' & '7:b':*"),
    ],
)
def test_a_query_asks_for_all_words_the_last_as_a_beginning(text: str, query: str | None) -> None:
    assert lexemes.query(7, text) == query


def test_values_in_a_query_are_quoted() -> None:
    assert lexemes.query(7, "", [("it's", "a\\b:*")]) == "'7=it''s=a\\\\b:*'"


def test_a_query_has_a_bounded_number_of_words() -> None:
    assert (lexemes.query(7, "w " * 10_000) or "").count("&") == 19
