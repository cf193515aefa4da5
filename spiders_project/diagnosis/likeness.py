"""How alike values are to those that a field once held: the same, the same number, the same kind.

Prices and lists change from day to day, so not every value is found again; how many are, and how
closely, tells the place where they went from its neighbours.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from math import ceil, log2, sqrt

_LONGEST = 400
_SAME, _SAME_NUMBER, _WITHIN, _SAME_KIND = 1.0, 0.9, 0.7, 0.4
_NUMBER = re.compile(r"\d(?:[\d.,'’ \u00a0\u202f]*\d)?")
_DECIMAL = re.compile(r"[.,](\d{1,2})$")
_CURRENCY = re.compile(r"[$€£¥₩₹₽₺฿₫₴₱₪円元원]|\b(?:USD|EUR|GBP|JPY|CNY|CHF|kr|zł)\b")
_LINK = re.compile(r"(?:https?:/)?/\S*")
#: A text that is found within another must be long enough to be no chance.
_TELLING, _MOST_TELLING = 4, 40

Kind = tuple[bool, bool, bool, bool]


@lru_cache(maxsize=8192)
def plain(value: str) -> str:
    """The value as two pages may write it alike."""
    return " ".join(unicodedata.normalize("NFKC", value[:_LONGEST]).casefold().split())


@lru_cache(maxsize=8192)
def number(text: str) -> float | None:
    """The first number in a plain text; 1.234,50 and 1,234.50 are the same."""
    found = _NUMBER.search(text)
    if found is None:
        return None
    digits = found[0]
    decimal = _DECIMAL.search(digits)
    whole = re.sub(r"\D", "", digits[: decimal.start()] if decimal else digits)[:15]
    return float(f"{whole or 0}.{decimal[1] if decimal else 0}")


@lru_cache(maxsize=8192)
def _kind(text: str) -> tuple[Kind, float]:
    rest = _CURRENCY.sub("", text)
    marks = (
        rest != text,
        any(map(str.isdigit, text)),
        any(map(str.isalpha, rest)),
        bool(_LINK.fullmatch(text)),
    )
    return marks, log2(len(text) + 1)


class Wanted:
    """The values that a field held on an earlier page, to hold others against."""

    def __init__(self, values: Sequence[str]) -> None:
        texts = [text for text in map(plain, values) if text]
        self._size = max(len(texts), 1)
        self._texts = Counter(texts)
        self._numbers = Counter(found for text in texts if (found := number(text)) is not None)
        self._kinds = {_kind(text) for text in texts}
        self._telling = [text for text in self._texts if len(text) >= _TELLING][:_MOST_TELLING]
        # Of words, a number within them says little.
        are_numbers = sum(len(text) <= 30 for text in texts) >= 0.8 * self._size
        self._is_numeric = are_numbers and sum(self._numbers.values()) >= 0.8 * self._size

    def resembles(self, value: str) -> bool:
        """Whether it is one of the values, perhaps written otherwise."""
        text = plain(value)
        if text in self._texts or (self._is_numeric and number(text) in self._numbers):
            return True
        return any(each in text for each in self._telling) and len(text) < _LONGEST

    def is_alike(self, value: str) -> bool:
        """Whether it is at least of their kind."""
        return self._is_of_kind(plain(value))

    def score(self, found: Sequence[str | None]) -> float:
        """From 0 to 1, how alike; each value counts as often as it was there."""
        if not found:
            return 0.0
        times = ceil(len(found) / self._size)
        texts = Counter({text: count * times for text, count in self._texts.items()})
        numbers = Counter({each: count * times for each, count in self._numbers.items()})
        return sum(self._worth(value, texts, numbers) for value in found) / len(found)

    def _worth(self, value: str | None, texts: Counter[str], numbers: Counter[float]) -> float:
        if not value:
            return 0.0
        text = plain(value)
        amount = number(text) if self._is_numeric else None
        if texts[text] > 0:
            texts[text] -= 1
            if amount is not None:
                numbers[amount] -= 1
            return _SAME
        if amount is not None and numbers[amount] > 0 and self._is_short(text):
            numbers[amount] -= 1
            return _SAME_NUMBER
        within = next((each for each in self._telling if each in text), None)
        if within is not None and texts[within] > 0:
            texts[within] -= 1
            return _WITHIN * sqrt(len(within) / len(text))
        return _SAME_KIND if self._is_of_kind(text) else 0.0

    def _is_short(self, text: str) -> bool:
        return len(text) <= 2 * max(map(len, self._texts)) + 12

    def _is_of_kind(self, text: str) -> bool:
        marks, length = _kind(text)
        return any(marks == known and abs(length - other) <= 1 for known, other in self._kinds)
