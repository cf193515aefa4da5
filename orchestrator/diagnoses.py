"""Ask a worker why a field of a job is empty.

As with drafts the row is committed before the bell is rung, and a bell that is lost is not rung
again: a person waits for the answer, and their page offers to ask once more.
"""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kombu.exceptions import KombuError

from orchestrator import celery, database
from orchestrator.exceptions import OrchestratorError
from orchestrator.ledger import diagnoses

logger = logging.getLogger(__name__)

#: Whoever waited for it has been told by then that nobody answered.
_BELL_SECONDS = 60


def ask(job_id: UUID, field: str, tried: Mapping[str, Any] | None = None) -> None:
    """Asks why the field is empty, and what it holds at the place that is tried.

    Raises JobNotFound, Invalid.
    """
    with database.transaction() as session:
        diagnoses.ask(session, job_id, field, tried)
    try:
        celery.tell(
            "orchestrator.tasks.diagnose_field",
            str(job_id),
            field,
            priority=celery.PRIORITIES[0],
            expires=_BELL_SECONDS,
        )
    except (KombuError, OSError, OrchestratorError) as error:
        logger.warning(
            "The bell of a diagnosis of job %s was not rung: %s",
            job_id,
            error,
            extra={"action": "bell_away", "job_id": str(job_id)},
        )
