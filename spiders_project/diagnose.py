"""The process that finds out why a field of a job is empty: compare two pages, answer, exit.

It reads with selectors from people and parses pages from strangers, so it is killed when it takes
too long.
"""

from collections.abc import Mapping
from typing import Any, NoReturn
from uuid import UUID

from pydantic import ValidationError

from orchestrator import database
from orchestrator.exceptions import Invalid
from orchestrator.ledger import diagnoses, fields, samples
from orchestrator.ledger.items import repaired
from orchestrator.ledger.models import PageSample
from spiders_project import errand
from spiders_project.diagnosis import Question, diagnose
from spiders_project.extraction import Page


def main(job_id: UUID, field: str, number: int) -> NoReturn:
    """Answers that question; the exit status says whether it could."""
    errand.run(_answer, job_id, field, number)


def _answer(job_id: UUID, field: str, number: int) -> None:
    question = _question(job_id, field)
    fault, findings = "no_page", None
    if question is not None:
        try:
            findings = repaired(diagnose(question))
        except (Invalid, ValidationError):
            fault = "faulty"
    with database.transaction() as session:
        if findings is None:
            diagnoses.fail(session, job_id, field, number, fault)
        else:
            diagnoses.answer(session, job_id, field, number, findings)


def _question(job_id: UUID, field: str) -> Question | None:
    """None when no page of the job was kept."""
    with database.transaction() as session:
        asked = diagnoses.find(session, job_id, field)
        compared = fields.compared(session, job_id, field)
        if asked is None or compared.now is None:
            return None
        before = _page(session, compared.before) if compared.before else None
        return Question(
            field,
            recipe=_recipe(compared.definition),
            now=_page(session, compared.now),
            before=before,
            recipe_before=_recipe(compared.definition_before) if before else None,
            tried=asked.tried,
        )


def _page(session: Any, sample: PageSample) -> Page:
    body = samples.body(session, sample.job_id, sample.place)
    return Page(sample.url, body, {"content-type": sample.content_type})


def _recipe(definition: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    return str(definition.get("spider")), definition.get("arguments") or {}
