"""Kinds of values are said where nearly all values agree."""

import pytest

from spiders_project.proposals import kinds
from spiders_project.proposals.kinds import Kind


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["¥1,280(税込)", "¥640(税込)"], Kind.PRICE),
        (["1.234,56 €", "9,00 €"], Kind.PRICE),
        (["$1,299.00", "$5"], Kind.PRICE),
        (["￥２，４８０", "9,800円"], Kind.PRICE),
        (["CHF 12.–", "CHF 9.50"], Kind.PRICE),
        (["2026年11月25日", "2026年1月3日"], Kind.DATE),
        (["25 Nov 2026", "1 December 2026"], Kind.DATE),
        (["2026-11-25", "2026-01-03"], Kind.DATE),
        (["25.11.2026", "3.1.2026"], Kind.DATE),
        (["12", "1,024", "7"], Kind.NUMBER),
        (["1 review", "24 reviews"], Kind.NUMBER),
        (["45 cm", "9 cm"], Kind.NUMBER),
        (["12件", "3件"], Kind.NUMBER),
        (["00123", "00456"], Kind.TEXT),
        (["KM-001", "KM-002"], Kind.TEXT),
        (["X200", "X300"], Kind.TEXT),
        (["+49 40 555 0101", "+33 4 5555 0199"], Kind.TEXT),
        (["A price of €5 is what they asked for it in the end", "€4"], Kind.TEXT),
        ([], Kind.TEXT),
    ],
)
def test_a_column_has_the_kind_of_its_values(values: list[str], kind: Kind) -> None:
    assert kinds.of(values) is kind
