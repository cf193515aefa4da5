"""From two pages and a recipe to what a person is shown, as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.ledger.items import clean_text
from orchestrator.ledger.recipes import RECIPES, corrections
from orchestrator.ledger.recipes.places import Place
from spiders_project.diagnosis import data, differences, moved_items, reading, remains, surroundings
from spiders_project.diagnosis.candidates import Candidate, best
from spiders_project.diagnosis.elements import Sought
from spiders_project.diagnosis.reading import Reading
from spiders_project.extraction import Page
from spiders_project.preview import written

Json = dict[str, Any]
Recipe = tuple[str, Mapping[str, Any]]

_MOST_VALUES, _LONGEST_VALUE, _MOST_ROWS = 5, 120, 12
#: Items that hold nothing better have probably moved.
_GOOD = 0.55


@dataclass(frozen=True)
class Question:
    """A field that is empty on one page, and another page on which it was not."""

    name: str
    #: The spider and its arguments, as of the job that is asked about.
    recipe: Recipe
    now: Page
    before: Page | None = None
    #: As of the job of the earlier page, where that was another.
    recipe_before: Recipe | None = None
    #: A correction to try on both pages.
    tried: Mapping[str, Any] | None = None


def diagnose(question: Question) -> Json:
    """What is found: how the field reads on both pages, what is left of it, where it could be."""
    spider, arguments = question.recipe
    if spider not in RECIPES or corrections.field_of(spider, arguments, question.name) is None:
        told = differences.of(question.before, question.now) if question.before else []
        return {"way": "text", "differences": told}
    now = reading.read(question.now, spider, arguments, question.name)
    before = _before(question)
    found: Json = {
        "way": "placed" if corrections.is_placed(spider, arguments) else "path",
        "now": _told(now),
        "before": _told(before) if before else None,
        "trial": _trial(question),
    }
    find = _on_pages if found["way"] == "placed" else _in_data
    return found | find(question, before or Reading(), now)


def _before(question: Question) -> Reading | None:
    """By the recipe of today, else by that of its own day: somebody may have edited it since."""
    if question.before is None:
        return None
    recipes = [question.recipe, *([question.recipe_before] if question.recipe_before else [])]
    readings = [reading.read(question.before, *recipe, question.name) for recipe in recipes]
    return next((each for each in readings if each.filled), readings[0])


def _on_pages(question: Question, before: Reading, now: Reading) -> Json:
    spider, arguments = question.recipe
    own = dict(corrections.field_of(spider, arguments, question.name) or {})
    items = reading.items_of(spider, arguments)
    sought = Sought(before.texts, own)
    found = best(_places(sought, question.now, items, now)) if before.texts else []
    place = Place.model_validate({key: own[key] for key in ("css", "xpath") if key in own})
    left = remains.of(place, now.scopes) if not now.found else None
    if not now.scopes and items is not None:
        left = remains.of(items, [question.now.tree])
    around = now.found or (left[1] if left else now.scopes)
    return {
        "remains": {"selector": left[0], "count": len(left[1])} if left else None,
        "items_lost": items is not None and not now.scopes,
        "lines_before": surroundings.of(before.found),
        "lines_now": surroundings.of(list(around)),
        "candidates": [_proposed(each) for each in found],
    }


def _places(sought: Sought, page: Page, items: Place | None, now: Reading) -> Iterator[Candidate]:
    within = best(sought.candidates(now.scopes, {}))
    yield from within
    if items is None or (within and within[0].score > _GOOD):
        return
    for css, scopes in moved_items.found(sought, page.tree):
        yield from sought.candidates(scopes, {"items": {"css": css}})


def _in_data(question: Question, before: Reading, now: Reading) -> Json:
    spider, arguments = question.recipe
    own = dict(corrections.field_of(spider, arguments, question.name) or {})
    found = best(_paths(question, before.texts, own, now)) if before.texts else []
    return {
        "items_lost": not now.scopes,
        "lines_before": surroundings.of_data(next(iter(before.scopes), None), own.get("path")),
        "lines_now": surroundings.of_data(next(iter(now.scopes), None), own.get("path")),
        "candidates": [_proposed(each) for each in found],
    }


def _paths(
    question: Question, values: Sequence[str], own: Json, now: Reading
) -> Iterator[Candidate]:
    within = best(data.candidates(values, own, now.scopes, {}))
    yield from within
    if within and within[0].score > _GOOD:
        return
    if question.recipe[0] == "api":
        elsewhere = [
            ({"list": path}, found) for path, found in data.lists(reading.answer(question.now))
        ]
    else:
        elsewhere = list(data.described(question.now))
    for more, entries in elsewhere:
        yield from data.candidates(values, own, entries, more)


def _trial(question: Question) -> Json | None:
    """What the tried place gives on both pages, each row by row."""
    if question.tried is None:
        return None
    spider, arguments = question.recipe
    changed = corrections.corrected(spider, arguments, question.name, question.tried)
    # The items of the earlier page are where they were.
    own = {
        key: each for key, each in question.tried.items() if key not in ("items", "list", "types")
    }
    unmoved = corrections.corrected(spider, arguments, question.name, own)
    pages = {"before": (question.before, unmoved), "now": (question.now, changed)}
    return {"place": dict(question.tried)} | {
        when: _told(reading.read(page, spider, recipe, question.name), _MOST_ROWS)
        for when, (page, recipe) in pages.items()
        if page is not None
    }


def _told(found: Reading, most: int = _MOST_VALUES) -> Json:
    return {
        "of": len(found.scopes),
        "filled": found.filled,
        "values": [
            _cut(written(value)) if value not in (None, "", []) else ""
            for value in found.values[:most]
        ],
    }


def _proposed(candidate: Candidate) -> Json:
    return {
        "place": candidate.place,
        "of": len(candidate.values),
        "filled": sum(value is not None for value in candidate.values),
        "values": [_cut(value or "") for value in candidate.values[:_MOST_VALUES]],
        "score": round(candidate.score, 3),
    }


def _cut(text: str) -> str:
    return clean_text(text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…")
