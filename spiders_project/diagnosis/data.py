"""Candidates in data: paths to such values as the field once held, in JSON or in descriptions."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from orchestrator.ledger.recipes import paths
from orchestrator.ledger.recipes.fields import PathField
from spiders_project.diagnosis import names, reading
from spiders_project.diagnosis.candidates import Candidate, Json
from spiders_project.diagnosis.likeness import Wanted
from spiders_project.extraction import Page
from spiders_project.extraction.described import descriptions
from spiders_project.extraction.extracted import is_empty
from spiders_project.preview import written

_DEEPEST, _MOST_LISTS, _MOST_LOOKED_AT = 4, 10, 20_000
_MOST_PATHS, _MOST_EXAMPLES = 200, 20
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SYNTAXES = ("json-ld", "microdata", "opengraph")


def candidates(
    values: Sequence[str], field: Json, entries: Sequence[Any], more: Json
) -> Iterator[Candidate]:
    """Paths within the entries; `more` is what a correction says of these."""
    wanted, words = Wanted(values), names.of(field, str(field["name"]))
    some = [entry for entry in entries if isinstance(entry, Mapping)][:_MOST_EXAMPLES]
    known = dict.fromkeys(path for entry in some for path in _paths(entry, 1))
    for path in list(known)[:_MOST_PATHS]:
        if path == field.get("path") or not _is_valid(path):
            continue
        found = tuple(_value(path, entry) for entry in entries[: reading.MOST_ROWS])
        named = names.overlap(words, names.of({"path": path}))
        score = 0.85 * wanted.score(found) + 0.15 * named
        yield Candidate({"path": path, **more}, found, score)


def lists(answer: Any) -> list[tuple[str, list[Any]]]:
    """Lists of objects anywhere in an answer, the longest first, each with its path."""
    found = [(path, each) for path, each in _lists(answer, "", 0) if path]
    return sorted(found, key=lambda each: -len(each[1]))[:_MOST_LISTS]


def described(page: Page) -> Iterator[tuple[Json, list[Any]]]:
    """What the page describes, of each type, whichever syntax it is in."""
    for syntax in _SYNTAXES:
        by_type: dict[str, list[Any]] = {}
        for each in descriptions(page, syntax):
            kind = each.get("@type")
            named = kind[0] if isinstance(kind, list) and kind else kind
            if isinstance(named, str) and 0 < len(named) <= 200:
                by_type.setdefault(named, []).append(each)
        for named, entries in by_type.items():
            yield {"types": [named]}, entries


def _lists(value: Any, path: str, depth: int) -> Iterator[tuple[str, list[Any]]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        yield path, value
    elif isinstance(value, Mapping):
        for name, each in list(value.items())[:_MOST_PATHS]:
            yield from _lists(each, _joined(path, name), depth + 1)


def _paths(entry: Mapping[str, Any], depth: int, above: str = "") -> Iterator[str]:
    for name, value in list(entry.items())[:_MOST_PATHS]:
        path = _joined(above, name)
        inner = value[0] if isinstance(value, list) and value else value
        if isinstance(inner, Mapping):
            if depth < _DEEPEST:
                yield from _paths(inner, depth + 1, path if inner is value else f"{path}[0]")
        elif not is_empty(value):
            yield path


def _joined(above: str, name: str) -> str:
    own = (
        name
        if _IDENTIFIER.fullmatch(name)
        else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    )
    return f"{above}.{own}" if above else own


def _value(path: str, entry: Any) -> str | None:
    value = paths.compiled(path).search(entry)
    return None if is_empty(value) else written(value)


def _is_valid(path: str) -> bool:
    try:
        PathField.model_validate({"name": "field", "path": path})
    except ValidationError:
        return False
    return True
