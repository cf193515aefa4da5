"""The cleaning steps: from the text of a page to a value."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from price_parser import Price

from orchestrator.ledger.recipes import patterns
from orchestrator.ledger.recipes.steps import Step
from spiders_project.extraction.dates import date_in
from spiders_project.extraction.pages import Page
from spiders_project.extraction.texts import one_line

#: Numbers stand near the beginning of a text, and the library takes long over long ones.
_LOOKED_AT = 200
#: Beyond it a number is an identifier, and would lose its last digits.
_LARGEST = 2**53
#: Signs that mean one currency; a dollar may be of many countries and stays as it is.
_CURRENCIES = {
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "円": "JPY",
    "₹": "INR",
    "₩": "KRW",
    "US$": "USD",
}


def cleaned(value: Any, steps: Sequence[Step], page: Page) -> tuple[Any, dict[str, Any]]:
    """The value after all steps, and what a step gives to other fields."""
    others: dict[str, Any] = {}
    for step in steps:
        if step.step == "price" and step.currency:
            text = value[0] if isinstance(value, list) and value else value
            others[step.currency] = _currency(text)
        value = _after(step, value, page)
    return value, others


def _after(step: Step, value: Any, page: Page) -> Any:
    if step.step in _OF_LISTS:
        return _OF_LISTS[step.step](value, step)
    if isinstance(value, list):
        each = (_ONE_BY_ONE[step.step](one, step, page) for one in value)
        return [one for one in each if one is not None]
    return None if value is None else _ONE_BY_ONE[step.step](value, step, page)


def _joined(value: Any, step: Step) -> Any:
    if not isinstance(value, list):
        return value
    return (" " if step.separator is None else step.separator).join(map(str, value))


def _first(value: Any, _: Step) -> Any:
    return (value[0] if value else None) if isinstance(value, list) else value


def _split(value: Any, step: Step, _: Page) -> Any:
    parts = (part.strip() for part in str(value).split(step.separator or ","))
    return [part for part in parts if part]


def _number(value: Any, _: Step, __: Page) -> float | int | None:
    found = float(value) if isinstance(value, (int, float)) else _price(value).amount_float
    if found is None or abs(found) >= _LARGEST:
        return None
    return int(found) if found.is_integer() else found


def _integer(value: Any, step: Step, page: Page) -> int | None:
    found = _number(value, step, page)
    return None if found is None else int(found)


def _amount(value: Any, _: Step, __: Page) -> float | None:
    return float(value) if isinstance(value, (int, float)) else _price(value).amount_float


def _currency(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    sign = _price(value).currency
    return _CURRENCIES.get(sign, sign) if sign else None


def _price(value: Any) -> Price:
    # Full-width digits and signs, as Japanese pages write them, are what they look like.
    return Price.fromstring(unicodedata.normalize("NFKC", str(value))[:_LOOKED_AT])


def _date(value: Any, step: Step, page: Page) -> str | None:
    return date_in(str(value), locale=step.locale, order=step.order, language=page.language)


def _match(value: Any, step: Step, _: Page) -> str | None:
    pattern = patterns.compiled(step.pattern or "")
    found = pattern.search(str(value))
    if found is None:
        return None
    matched = found.group(1 if pattern.groups else 0)
    return None if matched is None else str(matched)


_OF_LISTS: Mapping[str, Callable[[Any, Step], Any]] = {"join": _joined, "first": _first}
_ONE_BY_ONE: Mapping[str, Callable[[Any, Step, Page], Any]] = {
    "strip": lambda value, step, page: one_line(value) if isinstance(value, str) else value,
    "lower": lambda value, step, page: str(value).lower(),
    "upper": lambda value, step, page: str(value).upper(),
    "number": _number,
    "integer": _integer,
    "price": _amount,
    "date": _date,
    "absolute_url": lambda value, step, page: page.absolute(str(value)),
    "split": _split,
    "match": _match,
}
