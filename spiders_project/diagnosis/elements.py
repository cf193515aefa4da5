"""Candidates on a page: elements and attributes that hold such values as the field once did.

Each place that could name one is tried on all items, as the extraction would read it, and judged by
what it gives there: nothing is proposed for its looks.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from pydantic import ValidationError

from orchestrator.ledger.recipes.fields import PlacedField
from spiders_project.diagnosis import names
from spiders_project.diagnosis.candidates import Candidate, Json
from spiders_project.diagnosis.likeness import Wanted
from spiders_project.diagnosis.reading import MOST_ROWS
from spiders_project.extraction.texts import text_of
from spiders_project.proposals import classes
from spiders_project.proposals.outline import MOST_ELEMENTS, SILENT, Element
from spiders_project.proposals.selectors import found_at, quoted
from spiders_project.proposals.slots import STRUCK, spread

_MOST_PLACES = 60
_MOST_TEXT, _MOST_WITHIN, _MOST_ABOVE = 400, 40, 10
#: Attributes that hold no value of their own.
_UNREAD = frozenset(("class", "id", "style", "rel", "target", "type", "width", "height", "lang"))


@dataclass(frozen=True, slots=True)
class Held:
    """An element that holds such a value, in its text or in an attribute."""

    element: Element
    attribute: str | None
    value: str


class Sought:
    """What is looked for: values as the field had them, and the words that named its place."""

    def __init__(self, values: Sequence[str], field: Json) -> None:
        self.wanted = Wanted(values)
        self.field = field
        self.words = names.of(field, str(field["name"]))

    def candidates(self, scopes: Sequence[Element], more: Json) -> Iterator[Candidate]:
        """Places within the items; `more` is what a correction says of these."""
        some = spread(scopes)
        held = list(self._held(some))
        for place, element in _places(held, alone=len(scopes) == 1):
            if _is_valid(place) and not self._is_old(place):
                yield self._judged(place, element, scopes, more)

    def held(self, scopes: Iterable[Element]) -> list[Held]:
        """What resembles the values themselves."""
        return [each for each in _holders(scopes) if self.wanted.resembles(each.value)]

    def _held(self, scopes: Sequence[Element]) -> list[Held]:
        found = list(_holders(scopes))
        same = [each for each in found if self.wanted.resembles(each.value)]
        # Where all items are others than before, their values are alike at best.
        return same or [each for each in found if self.wanted.is_alike(each.value)]

    def _judged(
        self, place: Json, element: Element, scopes: Sequence[Element], more: Json
    ) -> Candidate:
        values = tuple(_value(place, scope) for scope in scopes[:MOST_ROWS])
        named = names.overlap(self.words, names.of(place, *_names(element)))
        score = 0.85 * self.wanted.score(values) + 0.15 * named
        return Candidate(place | more, values, score * _firmness(place, element))

    def _is_old(self, place: Json) -> bool:
        keys = ("css", "xpath", "attribute")
        return all(place.get(key) == self.field.get(key) for key in keys)


def _value(place: Json, scope: Element) -> str | None:
    return next(iter(found_at(place, scope, 1)), None)


def _holders(scopes: Iterable[Element]) -> Iterator[Held]:
    left = MOST_ELEMENTS
    for scope in scopes:
        for element in scope.iter():
            if not isinstance(element.tag, str) or element.tag in SILENT:
                continue
            left -= 1
            if left < 0:
                return
            if 0 < len(text := _short_text(element)) <= _MOST_TEXT:
                yield Held(element, None, text)
            for name, value in element.attrib.items():
                if name not in _UNREAD and 0 < len(value) <= _MOST_TEXT:
                    yield Held(element, name, value)


def _short_text(element: Element) -> str:
    """The text of one that holds little: whatever is around it holds too much to be a value."""
    if len(element) and sum(1 for _ in islice(element.iter(), _MOST_WITHIN)) == _MOST_WITHIN:
        return ""
    return text_of(element)


def _places(held: Sequence[Held], *, alone: bool) -> Iterator[tuple[Json, Element]]:
    """The places that could name what was found, those that name most of it first."""
    counts: Counter[tuple[tuple[str, str], ...]] = Counter()
    examples: dict[tuple[tuple[str, str], ...], Element] = {}
    for each in held:
        for form in _forms(each.element, alone=alone):
            place = form if each.attribute is None else {**form, "attribute": each.attribute}
            key = tuple(place.items())
            counts[key] += 1
            examples.setdefault(key, each.element)
    for key, _ in counts.most_common(_MOST_PLACES):
        yield dict(key), examples[key]


def _forms(element: Element, *, alone: bool) -> Iterator[dict[str, str]]:
    tag = element.tag
    if (prop := element.get("itemprop") or "").isidentifier():
        yield {"css": f'[itemprop="{prop}"]'}
    own = list(_called(element))
    yield from ({"css": name} for name in own)
    yield from ({"css": f"{tag}{name}"} for name in own if not name.startswith("#"))
    yield {"css": tag}
    for attribute in element.attrib:
        if attribute.startswith("data-") and attribute.replace("-", "").isalnum():
            yield {"css": f"[{attribute}]"}
    parent = element.getparent()
    if parent is not None and isinstance(parent.tag, str):
        for name in [*_called(parent), *([] if alone else [parent.tag])]:
            yield {"css": f"{name} > {tag}"}
            yield {"css": f"{name} > {tag}:nth-of-type({_number(element)})"}
        if not alone or tag in ("td", "th", "dd"):
            yield {"css": f"{tag}:nth-of-type({_number(element)})"}
    yield from _behind_label(element)


def _called(element: Element) -> Iterator[str]:
    tokens = classes.tokens(element.get("class"))
    # Where no name says what it is, one that says how it looks is better than none.
    said = tokens or tuple((element.get("class") or "").split()[:2])
    yield from (f".{token}" for token in said if token.replace("-", "").replace("_", "").isalnum())
    name = element.get("id") or ""
    if name.replace("-", "").replace("_", "").isalnum() and not name[0].isdigit():
        yield f"#{name}"


def _number(element: Element) -> int:
    return 1 + sum(1 for _ in element.itersiblings(element.tag, preceding=True))


def _behind_label(element: Element) -> Iterator[dict[str, str]]:
    label = element.getprevious()
    if label is None or not isinstance(label.tag, str) or len(label) > 2:
        return
    text = text_of(label)
    if 0 < len(text) <= 40 and any(map(str.isalpha, text)) and (said := quoted(text)):
        start = f".//{label.tag}[normalize-space()={said}]"
        yield {"xpath": f"{start}/following-sibling::{element.tag}[1]"}


def _names(element: Element) -> Iterator[str]:
    yield from (str(element.get(name) or "") for name in ("class", "id", "itemprop"))
    if (parent := element.getparent()) is not None:
        yield str(parent.get("class") or "")


def _firmness(place: Json, element: Element) -> float:
    """Names stay when a page is changed, numbers less, and a bare tag is anybody's."""
    struck = any(
        up.tag in STRUCK for up in (element, *islice(element.iterancestors(), _MOST_ABOVE))
    )
    said = place.get("css") or place.get("xpath") or ""
    firm = 0.6 if struck else 1.0
    if "nth-of-type" in said:
        firm *= 0.96
    return firm * (1.0 if any(sign in said for sign in '.#["') else 0.93)


def _is_valid(place: Json) -> bool:
    try:
        PlacedField.model_validate({"name": "field", **place})
    except ValidationError:
        return False
    return True
