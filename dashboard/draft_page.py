"""What the page of a draft shows: how far the look is, what it found, its recipe and preview."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

from flask import request

from dashboard import recipe_form
from dashboard.recipe_form import RecipeForm
from orchestrator import database
from orchestrator.exceptions import Invalid, Sentence
from orchestrator.ledger import drafts
from orchestrator.ledger.drafts import Recipe
from orchestrator.ledger.models import DraftPage, ScrapingTarget, TargetDraft

_SAVING = ("name", "preset", "cron", "timezone")


@dataclass(frozen=True, slots=True)
class Saving:
    """What the lower end of the page asks: a name and a schedule, as typed or proposed."""

    name: str
    preset: str
    cron: str
    timezone: str
    faults: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ShownDraft:
    """A draft with all that its page says."""

    draft: TargetDraft
    pages: Sequence[DraftPage]
    #: A worker has still to answer, and whether it should have long ago.
    waits: bool
    is_overdue: bool
    #: None until something is chosen.
    form: RecipeForm | None
    saving: Saving


def of(draft_id: UUID, faults: Mapping[str, str] | None = None) -> ShownDraft:
    """As it stands; `faults` are those of saving it. Raises DraftNotFound."""
    with database.transaction() as session:
        draft = drafts.find(session, draft_id)
        return ShownDraft(
            draft=draft,
            pages=drafts.pages(session, draft_id),
            waits=drafts.waits(draft),
            is_overdue=drafts.is_overdue(session, draft),
            form=recipe_form.of(recipe(draft)) if draft.spider else None,
            saving=_saving(drafts.free_name(session, draft.url), faults or {}),
        )


def recipe(draft: TargetDraft) -> Recipe:
    """The recipe as it was last edited. Raises Invalid when there is none yet."""
    if draft.spider is None:
        raise Invalid(Sentence("Nothing is chosen yet; choose what to take from the page first."))
    return Recipe(draft.spider, draft.arguments, draft.key_fields)


def proposed(draft: TargetDraft, number: int) -> Mapping[str, Any]:
    """One of the proposals. Raises Invalid."""
    if number >= len(draft.proposals):
        raise Invalid(Sentence("There is no such proposal any more; open the page anew."))
    return draft.proposals[number]


def blank(draft: TargetDraft) -> Mapping[str, Any]:
    """A recipe to begin with where none is proposed: the page's heading."""
    return {
        "spider": "selector",
        "arguments": {"fields": [{"name": "title", "css": "h1"}]},
        "start_url": draft.url,
        "key_fields": [],
        "rows": 1,
    }


def pressed(typed: Recipe) -> Recipe:
    """The recipe as the pressed button changes it: a field more, or one less."""
    if (number := request.form.get("remove", "")).isdecimal():
        return recipe_form.without(typed, int(number[:3]))
    if "add" in request.form:
        return recipe_form.with_another(typed, _new_name(typed))
    return typed


def touched(recipe: Recipe) -> str | None:
    """The input where somebody goes on: of the field that is new, or next to one that went."""
    last = len(recipe_form.of(recipe).rows) - 1
    if (number := request.form.get("remove", "")).isdecimal():
        return f"field-{min(int(number[:3]), last)}-name"
    return f"field-{last}-name" if "add" in request.form else None


def typed_saving() -> dict[str, str]:
    """What stands at the lower end of the page and is kept nowhere; the address carries it on."""
    return {name: text[:200] for name in _SAVING if (text := request.form.get(name, "").strip())}


def _new_name(recipe: Recipe) -> str:
    names = {row.name for row in recipe_form.of(recipe).rows}
    return next(name for number in count(1) if (name := f"field_{number}") not in names)


def first_page(target: ScrapingTarget) -> str:
    """Where the crawl of a target begins. Raises Invalid."""
    if not target.start_urls:
        raise Invalid(
            Sentence("Target %(name)s has no start URL to look at; add one.", name=target.name)
        )
    return target.start_urls[0]


def typed_schedule() -> tuple[str, str]:
    """The cron line that was typed, else the one chosen by name; and the zone."""
    cron = request.form.get("cron", "").strip() or request.form.get("preset", "")
    return cron, request.form.get("timezone", "").strip()


def _saving(free_name: str, faults: Mapping[str, str]) -> Saving:
    typed: Mapping[str, Any] = request.form or request.args
    return Saving(
        name=typed.get("name", free_name),
        preset=typed.get("preset", ""),
        cron=typed.get("cron", ""),
        timezone=typed.get("timezone", ""),
        faults=faults,
    )
