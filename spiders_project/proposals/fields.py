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
        return [_dating(values, language)]
    return _without_label(values) or ["strip"]


def with_currency(fields: Sequence[Field]) -> None:
    """The first price brings its currency along, where no field is called so."""
    prices = [each for each in fields if each["kind"] is Kind.PRICE and each["clean"] == ["price"]]
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
    labels = [match[1] if (match := _LABELLED.match(value)) else "" for value in values]
    if len(labels) < 2 or len(set(labels)) > 1 or not labels[0]:
        return []
    return [{"step": "match", "pattern": rf"^\s*{re.escape(labels[0])}\s*(.*)$"}, "strip"]
