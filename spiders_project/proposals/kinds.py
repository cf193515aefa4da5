"""What kind of value a column holds, judged by its values.

A kind is only said when nearly all values agree: a column of text that is cleaned as a number would
be lost, one of numbers left as text is merely less handy.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from enum import StrEnum


class Kind(StrEnum):
    """What a column's values are."""

    TEXT = "text"  #: Words, or what is not clear.
    NUMBER = "number"  #: A number, perhaps with the same words around it in every row.
    PRICE = "price"  #: An amount with its currency.
    DATE = "date"  #: A day, perhaps with a time.
    LINK = "link"  #: The address of a page.
    IMAGE = "image"  #: The address of a picture.


_MOST = 200
_AGREEING = 0.8
_CURRENCY = (
    r"(?:[$€£¥₩₹₽₺฿₫₴₱₪]|円|元|원|\b(?:USD|EUR|GBP|JPY|CNY|CHF|SEK|NOK|DKK|PLN|CZK|HUF|CAD|AUD|NZD"
    r"|INR|BRL|MXN|KRW|TRY|ZAR|Rs|kr|zł|Kč|Ft|руб)(?![^\W\d_]))"
)
_AMOUNT = r"\d(?:[\d.,'’ \u00a0\u202f]*\d)?"
_PRICE = re.compile(
    rf"(?:{_CURRENCY}\s*[-–]?\s*{_AMOUNT}|{_AMOUNT}(?:,-|\.-)?\s*{_CURRENCY})", re.IGNORECASE
)
_NUMBER = re.compile(r"([^\d]*?)([-−+]?\d[\d.,'’ \u00a0\u202f]*\d|[-−+]?\d)([^\d]*)")
#: What may stand right behind a number: units, and what Japanese counts its things with.
_COUNTER = re.compile(
    r"$|[^\w]|[件個枚冊本台人名点歳年分時位回巻階坪室匹着足]|(?:k?m|[cm]m|k?g|m?l|%)\b"
)
_MONTH = (
    r"(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz]|janv|févr|avr|juin|juil|août"
    r"|déc|ene|abr|ago|dic|gen|mag|giu|lug|set|ott|янв|фев|мар|апр|мая|июн|июл|авг|сен|окт|ноя|дек)"
    r"[^\W\d_]*\.?"
)
_DATE = re.compile(
    r"\d{4}\s*年\s*\d{1,2}\s*月(?:\s*\d{1,2}\s*日)?|(?:令和|平成)\s*(?:\d+|元)\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日"
    r"|\d{4}\s*년\s*\d{1,2}\s*월\s*\d{1,2}\s*일"
    r"|(?<!\d)(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:[0-2]?\d|3[01])(?!\d)"
    r"|(?<!\d)(?:[0-2]?\d|3[01])[-/.](?:[0-2]?\d|3[01])[-/.](?:19|20)\d\d(?!\d)"
    rf"|(?<!\d)(?:[0-2]?\d|3[01])(?:st|nd|rd|th|er|\.)?\s+(?:de\s+)?{_MONTH}(?:\s+de)?,?\s+(?:19|20)\d\d"
    rf"|\b{_MONTH}\s+(?:[0-2]?\d|3[01])(?:st|nd|rd|th)?,?\s+(?:19|20)\d\d",
    re.IGNORECASE,
)


def of(values: Sequence[str]) -> Kind:
    """The kind of a column of texts; of addresses nothing is asked here."""
    texts = [plain(value) for value in values if value]
    if not texts:
        return Kind.TEXT
    if _agree(texts, is_date):
        return Kind.DATE
    if _agree(texts, is_price):
        return Kind.PRICE
    return Kind.NUMBER if _are_numbers(texts) else Kind.TEXT


def plain(value: str) -> str:
    """The beginning of a text in one line, full-width digits and signs as ASCII."""
    return " ".join(unicodedata.normalize("NFKC", value[:_MOST]).split())


def is_price(text: str) -> bool:
    """Whether a text is an amount with a currency and little else: `税込 ¥1,280`, `1.234,56 €`."""
    found = _PRICE.search(text)
    return found is not None and len(text) - len(found[0]) <= 24 and len(text) <= 60


def is_date(text: str) -> bool:
    """Whether a text is a date and little else."""
    found = _DATE.search(text)
    return found is not None and len(text) - len(found[0]) <= 24


def around_date(text: str) -> tuple[str, str]:
    """What stands before and behind the date in a text; nothing where there is none."""
    found = _DATE.search(text)
    return (text[: found.start()], text[found.end() :]) if found else ("", "")


def _agree(texts: Sequence[str], test: Callable[[str], bool]) -> bool:

    return sum(1 for text in texts if test(text)) >= _AGREEING * len(texts)


def _are_numbers(texts: Sequence[str]) -> bool:
    """Whether all are one number each, with the same few words around it."""
    found = [_NUMBER.fullmatch(text) for text in texts]
    if sum(match is None for match in found) > (1 - _AGREEING) * len(texts):
        return False
    if any(_is_part_of_name(match) for match in found if match):
        return False
    around = {(match[1].strip(), _singular(match[3])) for match in found if match}
    if len(around) > 1 or any(len(before) + len(after) > 20 for before, after in around):
        return False
    return not any(_is_code(match[2]) for match in found if match)


def _is_part_of_name(found: re.Match[str]) -> bool:
    """Whether letters stand right beside the digits, as in X200 and 3a."""
    return found[1][-1:].isalpha() or not _COUNTER.match(found[3])


def _singular(words: str) -> str:
    """The words behind a number, so that `1 review` and `2 reviews` are the same."""
    return re.sub(r"s\b", "", words).strip()


def _is_code(digits: str) -> bool:
    """Whether digits name something instead of counting it: a leading zero, dots of a version."""
    if re.match(r"\D?0\d", digits) or len(digits) > 18:
        return True
    return not re.fullmatch(r"\D?(?:\d+|\d{1,3}(?:[.,'’ ]\d{3})+)(?:[.,]\d+)?", digits)
