import pytest

from dashboard.formats import cells
from orchestrator.ledger.exports import Columns


@pytest.mark.parametrize(
    "formula",
    ["=1", "+1", "-1", "@x", "\t=1", "\tx", "\rx", "＝1", "＋1", "－1", "＠x", "﹢1", "﹦1", "−1",
     " =1", "\n=1", "\u200b=1", "\ufeff=1", "\u202e=1", "\x00=1", "\x1b[31m=1", "\u3000＝1"],
)  # fmt: skip
def test_whatever_a_spreadsheet_may_take_for_a_formula_is_text(formula: str) -> None:
    assert cells.safe(formula).startswith("'")


@pytest.mark.parametrize("text", ["a=1", "1-2", "", "万年筆", "'=1", "a@b.example", "…", "\n"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert cells.safe(text) == text


def test_control_characters_are_taken_out() -> None:
    assert cells.safe("a\x00b\x1b[1mc\x07d\ufffee\uffff") == "abcde"


def test_columns_have_names_of_their_own() -> None:
    columns = Columns(["key", "more", "a\x01", "a", "key (2)"], complete=False)
    assert cells.headings(columns)[4:] == [
        "key (2)",
        "more",
        "a",
        "a (2)",
        "key (2) (2)",
        "more (2)",
    ]
