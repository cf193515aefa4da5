"""Numbers are found in text as pages write it, and never guessed."""

import pytest

from spiders_project.items import decimal_in, integer_in


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("€24.90", 24.9),
        ("£1,234.50 incl. tax", 1234.5),
        ("19", 19.0),
        ("Price on request", None),
        ("", None),
        (None, None),
        ("٣", None),
        ("9" * 5_000, None),
    ],
)
def test_a_decimal_is_the_first_number_of_a_text(text, number):
    assert decimal_in(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("In stock (22 available)", 22),
        ("1,024 left", 1024),
        ("0", 0),
        ("Sold out", None),
        (None, None),
        ("9" * 5_000, None),
    ],
)
def test_an_integer_is_the_first_whole_number_of_a_text(text, number):
    assert integer_in(text) == number
