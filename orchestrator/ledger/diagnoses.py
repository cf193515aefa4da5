"""Diagnoses: why a field of a job is empty, asked for in a row and answered there by a worker.

As with drafts the row is question and answer: the dashboard reads no stranger's page, and a page
that waits for a worker waits for a row. A later question takes the place of an earlier one.
"""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from orchestrator.exceptions import Invalid, JobNotFound, Sentence
from orchestrator.ledger.models import FieldDiagnosis, ScrapingJob

#: After so long without an answer something must be wrong.
OVERDUE = timedelta(seconds=30)
_LONGEST_FIELD = 200


def find(session: Session, job_id: uuid.UUID, field: str) -> FieldDiagnosis | None:
    return session.get(FieldDiagnosis, (job_id, field))


def ask(
    session: Session, job_id: uuid.UUID, field: str, tried: Mapping[str, Any] | None = None
) -> None:
    """Asks why the field is empty, and what it holds at another place.

    Raises JobNotFound, Invalid.
    """
    if session.scalar(select(ScrapingJob.id).where(ScrapingJob.id == job_id)) is None:
        raise JobNotFound(Sentence("There is no job %(id)s.", id=job_id))
    if not 0 < len(field) <= _LONGEST_FIELD or not field.isprintable():
        raise Invalid(Sentence("There is no field of that name."))
    question = {
        "tried": None if tried is None else dict(tried),
        "asked_at": func.now(),
        "begun_at": None,
        "fault": None,
    }
    session.execute(
        insert(FieldDiagnosis)
        .values(job_id=job_id, field=field, **question)
        .on_conflict_do_update(
            index_elements=["job_id", "field"],
            set_=question | {"asked": FieldDiagnosis.asked + 1},
        )
    )


def waits(diagnosis: FieldDiagnosis) -> bool:
    """Whether a worker has still to answer."""
    return diagnosis.answered < diagnosis.asked


def is_overdue(session: Session, diagnosis: FieldDiagnosis) -> bool:
    """Whether it has waited so long that something must be wrong."""
    late = session.scalar(select(func.now() - diagnosis.asked_at > OVERDUE))
    return waits(diagnosis) and bool(late)


def take(session: Session, job_id: uuid.UUID, field: str) -> int | None:
    """The number of the question, for the one who asks for it first; None = nothing is left."""
    begun: int | None = session.scalar(
        update(FieldDiagnosis)
        .where(
            *_which(job_id, field),
            FieldDiagnosis.answered < FieldDiagnosis.asked,
            FieldDiagnosis.begun_at.is_(None),
        )
        .values(begun_at=func.now())
        .returning(FieldDiagnosis.asked)
    )
    return begun


def answer(
    session: Session, job_id: uuid.UUID, field: str, number: int, findings: Mapping[str, Any]
) -> None:
    """Writes what was found, unless there has been a later question."""
    _end(session, job_id, field, number, {"findings": dict(findings), "fault": None})


def fail(session: Session, job_id: uuid.UUID, field: str, number: int, fault: str) -> None:
    """That question has no answer; what was found before stays."""
    _end(session, job_id, field, number, {"fault": fault})


def _end(
    session: Session, job_id: uuid.UUID, field: str, number: int, values: Mapping[str, Any]
) -> None:
    latest = (FieldDiagnosis.asked == number, FieldDiagnosis.answered < number)
    session.execute(
        update(FieldDiagnosis)
        .where(*_which(job_id, field), *latest)
        .values(answered=number, **values)
    )


def _which(job_id: uuid.UUID, field: str) -> tuple[Any, Any]:
    return FieldDiagnosis.job_id == job_id, FieldDiagnosis.field == field
