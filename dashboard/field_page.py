"""What the page of an empty field shows: two pages, what a worker found on them, what was tried."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import request
from pydantic import ValidationError

from dashboard import recipe_form
from dashboard.recipe_form import parts
from orchestrator import database
from orchestrator.exceptions import Invalid, Sentence
from orchestrator.ledger import diagnoses, fields, history, recipes
from orchestrator.ledger.drafts import Recipe
from orchestrator.ledger.fields import Compared, Fill
from orchestrator.ledger.models import FieldDiagnosis, ScrapingJob, ScrapingTarget
from orchestrator.ledger.recipes import corrections
from orchestrator.ledger.recipes.corrections import Correction

_LONGEST_TYPED = 500


@dataclass(frozen=True, slots=True)
class Typed:
    """Where to look for the field instead, as the form of the page has it."""

    place: str = ""
    attribute: str = ""
    #: Where the items are now; empty = where they were.
    items: str = ""


@dataclass(frozen=True, slots=True)
class ShownField:
    """An empty field with all that its page says."""

    job: ScrapingJob
    target: ScrapingTarget
    name: str
    compared: Compared
    #: Among the items that this job saw last; None = it would take too long to count.
    among_items: Fill | None
    diagnosis: FieldDiagnosis | None
    waits: bool
    is_overdue: bool
    typed: Typed
    fault: str = ""

    @property
    def findings(self) -> Mapping[str, Any]:
        return (self.diagnosis and self.diagnosis.findings) or {}

    @property
    def is_placed(self) -> bool:
        return corrections.is_placed(*_recipe(self.job))

    @property
    def own(self) -> Mapping[str, Any] | None:
        """How the recipe of the job reads the field; None where it has no such field."""
        return _own(self.job, self.name)


def of(job_id: UUID, name: str, fault: str = "") -> ShownField:
    """As it stands. Raises JobNotFound."""
    with database.transaction() as session:
        job, target = history.one(session, job_id)
        diagnosis = diagnoses.find(session, job_id, name)
        return ShownField(
            job,
            target,
            name,
            fields.compared(session, job_id, name),
            fields.among_items(session, job_id, name),
            diagnosis,
            waits=diagnosis is not None and diagnoses.waits(diagnosis),
            is_overdue=diagnosis is not None and diagnoses.is_overdue(session, diagnosis),
            typed=_typed(diagnosis, _own(job, name) or {}),
            fault=fault,
        )


def pressed(shown: ShownField, button: str) -> Correction:
    """The correction beside the button: a candidate's, or what was typed. Raises Invalid."""
    number = request.form.get(button, "")
    if not number.isdecimal():
        return _checked(shown, _from_form(shown))
    found = shown.findings.get("candidates") or []
    if int(number[:3]) >= len(found):
        raise Invalid(Sentence("There is no such place any more; open the page anew."))
    return dict(found[int(number[:3])]["place"])


def arguments_with(shown: ShownField, correction: Correction) -> Mapping[str, Any]:
    """The target's arguments, as they are today, with the correction. Raises Invalid."""
    target = shown.target
    if target.spider != shown.job.definition.get("spider"):
        raise Invalid(
            Sentence("Target %(name)s has another spider by now: edit it there.", name=target.name)
        )
    return corrections.corrected(target.spider, target.arguments, shown.name, correction)


def address(shown: ShownField) -> str:
    """The page to open in the builder: the one of the job, unless a secret was cut from it."""
    now = shown.compared.now
    starts = shown.target.start_urls
    return now.url if now is not None and ("•" not in now.url or not starts) else starts[0]


def _from_form(shown: ShownField) -> dict[str, Any]:
    place, attribute, items = (
        request.form.get(name, "").strip()[:_LONGEST_TYPED]
        for name in ("place", "attribute", "items")
    )
    if not shown.is_placed:
        moved = {"list": items} if items and shown.job.definition.get("spider") == "api" else {}
        return {"path": place, **moved}
    told = parts.typed_place(place) | ({"attribute": attribute} if attribute else {})
    return told | ({"items": parts.typed_place(items)} if items else {})


def _checked(shown: ShownField, correction: dict[str, Any]) -> dict[str, Any]:
    """What was typed, unless it is nothing that a recipe may hold. Raises Invalid."""
    spider, arguments = _recipe(shown.job)
    changed = corrections.corrected(spider, arguments, shown.name, correction)
    try:
        recipes.read(spider, changed)
    except ValidationError:
        faults = recipe_form.faults(Recipe(spider, dict(changed)))
        raise Invalid(
            next(iter(faults.values()), Sentence("This is no place on a page."))
        ) from None
    return correction


def _typed(diagnosis: FieldDiagnosis | None, own: Mapping[str, Any]) -> Typed:
    """What is being tried, else where the recipe looks, so that it can be mended."""
    if request.form.keys() & {"place"}:
        return Typed(*(request.form.get(name, "") for name in ("place", "attribute", "items")))
    tried = (diagnosis and diagnosis.tried) or own
    items = tried.get("list") or parts.shown_place(tried.get("items"))
    return Typed(tried.get("path") or parts.shown_place(tried), tried.get("attribute") or "", items)


def _own(job: ScrapingJob, name: str) -> Mapping[str, Any] | None:
    spider, arguments = _recipe(job)
    return corrections.field_of(spider, arguments, name) if spider in recipes.RECIPES else None


def _recipe(job: ScrapingJob) -> tuple[str, Mapping[str, Any]]:
    return str(job.definition.get("spider")), job.definition.get("arguments") or {}
