"""Serves diagnoses: has two pages of a target compared, in a process of its own."""

import logging
from uuid import UUID

from orchestrator import database, readers
from orchestrator.ledger import diagnoses
from orchestrator.readers import Reader

logger = logging.getLogger(__name__)

#: The only thing known of the spiders: what to import, and what to call in it.
_DIAGNOSE_MODULE = "spiders_project.diagnose"
#: Two pages of 4 MB take some seconds; a selector that runs for ever takes all of them.
_SECONDS = 20.0


def serve(job_id: UUID, field: str) -> str:
    """Answers the latest question about a field of a job; says what became of it."""
    with database.transaction() as session:
        number = diagnoses.take(session, job_id, field)
    if number is None:
        return "nothing to do"
    arguments = (job_id, field, number)
    trouble = readers.run(Reader(_DIAGNOSE_MODULE, arguments, _SECONDS, f"diagnose {job_id}"))
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
