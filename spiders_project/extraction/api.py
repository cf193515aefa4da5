"""Items of answers in JSON."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from w3lib.url import add_or_replace_parameters

from orchestrator.ledger.recipes import paths
from orchestrator.ledger.recipes.api import ApiRecipe, NextAnswer
from spiders_project.extraction.extracted import Extracted, Fault, Link, Row
from spiders_project.extraction.pages import Page
from spiders_project.extraction.structured import flat, path_row


def extract(page: Page, recipe: ApiRecipe) -> Extracted:
    """The entries of the list, and the next answer."""
    extracted = Extracted()
    try:
        answer = orjson.loads(page.body)
    except orjson.JSONDecodeError:
        extracted.faults.append(Fault("The answer is no JSON."))
        return extracted
    entries = paths.compiled(recipe.list_path).search(answer) if recipe.list_path else answer
    if not isinstance(entries, list):
        where = recipe.list_path or "the top"
        extracted.faults.append(Fault(f"The answer has no list at {where}."))
        entries = []
    required = frozenset(field.name for field in recipe.fields or [] if field.required)
    for entry in entries:
        extracted.add(_row(entry, recipe, page), required)
    if recipe.next_page is not None and (url := _next(page, recipe.next_page, answer, entries)):
        extracted.links.append(Link(url, "next"))
    return extracted


def _row(entry: Any, recipe: ApiRecipe, page: Page) -> Row:
    if recipe.fields is not None:
        return path_row(entry, recipe.fields, page)
    return flat(entry) if isinstance(entry, dict) else {"value": entry}


def _next(page: Page, rule: NextAnswer, answer: Any, entries: list[Any]) -> str | None:
    if rule.path is None:
        assert rule.parameter is not None
        value: Any = _counted(page.url, rule.parameter, rule) if entries else None
    else:
        value = paths.compiled(rule.path).search(answer)
    if value is None or value in (False, "") or not isinstance(value, (str, int)):
        return None
    url = _with(page.url, rule.parameter, value) if rule.parameter else page.absolute(str(value))
    return None if url == page.url else url


def _counted(url: str, parameter: str, rule: NextAnswer) -> int | None:
    now = parse_qs(urlsplit(url).query).get(parameter, [str(rule.first)])[-1]
    return int(now) + rule.by if now.isascii() and now.isdigit() and len(now) < 15 else None


def _with(url: str, parameter: str, value: str | int) -> str:
    return str(add_or_replace_parameters(url, {parameter: str(value)}))
