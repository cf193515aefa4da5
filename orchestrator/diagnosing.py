"""Serves diagnoses: has two pages of a target compared, in a process of their own."""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from orchestrator import database, readers
from orchestrator.exceptions import NotFound
from orchestrator.ledger import diagnoses, fields, samples
from orchestrator.ledger.errands import FieldErrand, SampledPage, SpiderTold
from orchestrator.ledger.field_answers import FindingsSaid, NoFindingsSaid
from orchestrator.ledger.models import PageSample
from orchestrator.readers import Reader, Reading

logger = logging.getLogger(__name__)

#: The only thing known of the spiders: what to import, and what to call in it.
_DIAGNOSE_MODULE = "spiders_project.diagnose"
#: Two pages of 4 MB take some seconds; a selector that runs for ever takes all of them.
_SECONDS = 20.0


def serve(job_id: UUID, field: str) -> str:
    """Answers the latest question about a field of a job; says what became of it."""
    with database.transaction() as session:
        number = diagnoses.take(session, job_id, field)
        told = _told(session, job_id, field) if number is not None else None
        if number is not None and told is None:
            diagnoses.fail(session, job_id, field, number, "no_page")
    if number is None:
        return "nothing to do"
    trouble = _run(job_id, number, told) if told else None
    if trouble is None:
        return "answered"
    logger.warning(
        "Job %s: the diagnosis of %s ended with %s",
        job_id,
        field,
        trouble,
        extra={"action": "diagnosis_failed", "job_id": str(job_id)},
    )
    fault = "too_slow" if trouble == readers.TOO_LONG else trouble
    with database.transaction() as session:
        diagnoses.fail(session, job_id, field, number, fault)
    return fault


def _run(job_id: UUID, number: int, told: FieldErrand) -> str | None:
    def listen(reading: Reading) -> None:
        said = reading.hear(FindingsSaid, NoFindingsSaid)
        with database.transaction() as session:
            match said:
                case FindingsSaid():
                    findings = said.findings.as_said()
                    diagnoses.answer(session, job_id, told.field, number, findings)
                case NoFindingsSaid():
                    diagnoses.fail(session, job_id, told.field, number, said.fault)

    return readers.run(Reader(_DIAGNOSE_MODULE, (told,), _SECONDS, f"diagnose {job_id}"), listen)


def _told(session: Session, job_id: UUID, field: str) -> FieldErrand | None:
    """All that is needed to answer; None when no page of the job was kept, or none is left."""
    asked = diagnoses.find(session, job_id, field)
    try:
        compared = fields.compared(session, job_id, field)
        if asked is None or compared.now is None:
            return None
        return FieldErrand(
            field,
            recipe=_recipe(compared.definition),
            now=_page(session, compared.now),
            before=_page(session, compared.before) if compared.before else None,
            recipe_before=_recipe(compared.definition_before),
            tried=asked.tried,
        )
    except NotFound:
        return None


def _page(session: Session, sample: PageSample) -> SampledPage:
    body = samples.body(session, sample.job_id, sample.place)
    return SampledPage(sample.url, sample.content_type, body)


def _recipe(definition: Mapping[str, Any]) -> SpiderTold:
    return str(definition.get("spider")), definition.get("arguments") or {}
