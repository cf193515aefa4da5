"""Sketches: recipes of the spider `selector` before they are tried on the page.

The extraction itself reads what a sketch finds, so the samples that somebody is shown are the
values that a crawl would store; what reads nothing is left out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic import ValidationError

from orchestrator.exceptions import Sentence
from orchestrator.ledger import recipes
from orchestrator.ledger.recipes.places import Place as ReadPlace
from orchestrator.ledger.recipes.selector import PlacedItems
from spiders_project.extraction import Page, Row, places, selector
from spiders_project.extraction.extracted import is_empty
from spiders_project.proposals.fields import Field, with_currency
from spiders_project.proposals.kinds import Kind
from spiders_project.proposals.proposal import Proposal, read_columns
from spiders_project.proposals.selectors import Place

#: Rows that are read for a proposal; the others of a long list are only counted.
MOST_READ = 60
_KEPT = 0.8
#: Elements in one item.
_MOST_HELD = 2_000
_FEWEST = 0.15


@dataclass(slots=True)
class Sketch:
    """Where items and their fields seem to be."""

    #: What the proposal is called, of the number of its rows and the names of its columns.
    title: Callable[[int, str], Sentence]
    items: Place | None
    fields: list[Field]
    score: float
    #: Fields without which there is no item; none named = one that all items have.
    required: Sequence[str] = ()

    def tried(self, page: Page, following: Place | None) -> Proposal | None:
        """The proposal, with what it reads; None where that is nothing."""
        try:
            return self._tried(page, following)
        except ValidationError:
            # Pages have tags and classes that no selector can name.
            return None

    def _tried(self, page: Page, following: Place | None) -> Proposal | None:
        if self._is_boundless(page):
            return None
        self._mend(page)
        rows = self._rows(page, self.fields) if self.fields else []
        if not rows:
            return None
        arguments = self._arguments(following)
        recipes.read("selector", arguments)
        count = self._count(page, rows)
        columns = read_columns([(each["name"], each["kind"]) for each in self.fields], rows)
        names = ", ".join(column.name for column in columns)
        return Proposal(
            spider="selector",
            arguments=arguments,
            title=self.title(count, names),
            start_url=page.url,
            rows=count,
            columns=columns,
            read=tuple(rows),
            score=self.score,
        )

    def _is_boundless(self, page: Page) -> bool:
        """Whether its items hold more than items do, as on pages that nest without end."""
        if self.items is None:
            return False
        found = places.elements(page.tree, ReadPlace.model_validate(self.items))[:MOST_READ]
        return any(
            next(islice(each.iterdescendants(), _MOST_HELD, None), None) is not None
            for each in found
        )

    def _mend(self, page: Page) -> None:
        """Leaves out fields that find nothing, and cleaning that loses what was found."""
        raw = self._rows(page, [{**each, "clean": []} for each in self.fields])
        filled = {each["name"]: _filled(raw, each["name"]) for each in self.fields}
        self.fields = [each for each in self.fields if filled[each["name"]] > _FEWEST * len(raw)]
        with_currency(self.fields)
        clean = self._rows(page, self.fields)
        for each in self.fields:
            if _filled(clean, each["name"]) < _KEPT * filled[each["name"]]:
                each["clean"], each["kind"] = ["strip"], Kind.TEXT
        self._require(raw, filled)

    def _require(self, raw: Sequence[Row], filled: dict[str, int]) -> None:
        """One field that all items have tells them from what merely looks like one."""
        if self.items is None:
            return
        if self.required:
            for each in self.fields:
                each["required"] = each["name"] in self.required
            return
        full = [each for each in self.fields if filled[each["name"]] == len(raw)]
        by_name = sorted(full, key=lambda each: each["name"] not in ("title", "name"))
        for each in by_name[:1]:
            each["required"] = True

    def _rows(self, page: Page, fields: Sequence[Field]) -> list[Row]:
        recipe: dict[str, Any] = {"fields": [_bare(each) for each in fields]}
        if not fields:
            return []
        if self.items is not None:
            path = ReadPlace.model_validate(self.items).path
            recipe["items"] = {"xpath": f"({path})[position() <= {MOST_READ}]"}
        return selector.rows(page, PlacedItems.model_validate(recipe)).rows

    def _count(self, page: Page, rows: Sequence[Row]) -> int:
        """How many items there are; of those not read it is assumed that all are items."""
        if self.items is None:
            return len(rows)
        found = len(places.elements(page.tree, ReadPlace.model_validate(self.items)))
        return len(rows) + max(0, found - MOST_READ)

    def _arguments(self, following: Place | None) -> dict[str, Any]:
        arguments: dict[str, Any] = {"fields": [_bare(each) for each in self.fields]}
        if self.items is not None:
            arguments = {"items": self.items, **arguments}
            if following is not None:
                arguments["next_page"] = following
        return arguments


def _bare(field: Field) -> Field:
    """A field as the recipe has it, without what only proposals know."""
    return {name: value for name, value in field.items() if name != "kind"}


def _filled(rows: Sequence[Row], name: str) -> int:
    return sum(not is_empty(row.get(name)) for row in rows)
