"""Fields as recipes have them: a place, and the steps from its texts to values of their kind."""

import re
from collections.abc import Sequence
from typing import Any

from spiders_project.proposals import kinds
from spiders_project.proposals.kinds import Kind

Field = dict[str, Any]

_LABELLED = re.compile(r"([^:：\d]{2,30}[:：])\s*\S")
_DAYS_FIRST = re.compile(r"(?<!\d)(\d{1,2})[-/.](\d{1,2})[-/.]\d{4}")
_PLAIN = {Kind.NUMBER: "number", Kind.LINK: "absolute_url", Kind.IMAGE: "absolute_url"}


def field(name: str, place: dict[str, str], kind: Kind, clean: list[Any]) -> Field:
    """A field of the recipe `selector`."""
    return {"name": name, **place, "clean": clean, "kind": kind}


def cleaning(kind: Kind, values: Sequence[str], language: str | None = None) -> list[Any]:
    """The steps that make values of that kind out of such texts."""
    if kind in _PLAIN:
        return [_PLAIN[kind]]
    if kind is Kind.PRICE:
        return ["price"]
    if kind is Kind.DATE:
        return [*_bare_date(values), _dating(values, language)]
    return _without_label(values) or ["strip"]


def with_currency(fields: Sequence[Field]) -> None:
    """The first price brings its currency along, where no field is called so."""
    prices = [each for each in fields if each["kind"] is Kind.PRICE and each["clean"] == ["price"]]
    prices.sort(key=lambda each: each["name"] != "price")
    if prices and all(each["name"] != "currency" for each in fields):
        prices[0]["clean"] = [{"step": "price", "currency": "currency"}]


def _dating(values: Sequence[str], language: str | None) -> Any:
    texts = [kinds.plain(value) for value in values]
    told: dict[str, str] = {}
    if any(re.search(r"[^\W\d_]", text) for text in texts):
        # Named months and eras are read in the page's language; without one, in any.
        locale = _script(texts) or language
        told |= {"locale": locale} if locale else {}
    if order := _order(texts, language):
        told["order"] = order
    return {"step": "date", **told} if told else "date"


def _bare_date(values: Sequence[str]) -> list[Any]:
    """A step that takes off what stands around a date, the same in all texts."""
    texts = [kinds.plain(value) for value in values]
    around = {kinds.around_date(text) for text in texts}
    if around == {("", "")}:
        return []
    if any("年" in text for text in texts):
        return [{"step": "match", "pattern": r"\d{4}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日"}]
    befores, afters = {before for before, _ in around}, {after for _, after in around}
    if len(befores) > 1 or len(afters) > 1:
        return []
    before, after = re.escape(befores.pop()), re.escape(afters.pop())
    return [{"step": "match", "pattern": rf"^\s*{before}(.*?){after}\s*$"}]


def _script(texts: Sequence[str]) -> str | None:
    """The language that the characters of a date belong to."""
    if any("年" in text for text in texts):
        return "ja"
    return "ko" if any("년" in text for text in texts) else None


def _order(texts: Sequence[str], language: str | None) -> str | None:
    """Whether day or month comes first in 01/02/2026; by those beyond 12, else by language."""
    pairs = [
        (int(found[1]), int(found[2])) for text in texts if (found := _DAYS_FIRST.search(text))
    ]
    if not pairs:
        return None
    if any(first > 12 for first, _ in pairs):
        return "DMY"
    if any(second > 12 for _, second in pairs):
        return "MDY"
    return None if language in (None, "en", "ja") else "DMY"


def _without_label(values: Sequence[str]) -> list[Any]:
    """Steps that take off a label which stands before each of the texts."""
    label = common_label(values)
    if label is None:
        return []
    return [{"step": "match", "pattern": rf"^\s*{re.escape(label)}\s*(.*)$"}, "strip"]


def common_label(values: Sequence[str]) -> str | None:
    """The label that stands before each of the texts: `Price:`."""
    labels = {match[1] if (match := _LABELLED.match(value)) else "" for value in values}
    return labels.pop() or None if len(labels) == 1 and len(values) > 1 else None
