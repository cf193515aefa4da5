"""Deeds: what somebody does to targets and jobs, each with its line in the audit list.

Buttons, ticked lists and the API all come by here, so that nothing is done without being written
down. What commits by itself before its bell is rung is written down right after.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from dashboard import audit, hidden_arguments
from orchestrator import database, triggers
from orchestrator.ledger import targets
from orchestrator.ledger.jobs import Ended
from orchestrator.ledger.models import ScrapingTarget, Trigger
from orchestrator.ledger.request_keys import RequestKey
from orchestrator.ledger.requests import Answer


def run(
    reference: int | str,
    trigger: Trigger,
    *,
    urgently: bool = False,
    key: RequestKey | None = None,
) -> Answer:
    """Starts a job, or tells which one there is. Raises TargetNotFound."""
    answer = triggers.request(reference, trigger, priority=0 if urgently else None, key=key)
    told = {"job_id": str(answer.job_id)}
    audit.note("target.run_urgently" if urgently else "target.run", answer.target_id, **told)
    return answer


def cancel(job_id: UUID) -> Ended:
    ended = triggers.cancel(job_id)
    audit.note("job.cancel", job_id)
    return ended


def pause(job_id: UUID) -> Ended:
    ended = triggers.pause(job_id)
    audit.note("job.pause", job_id)
    return ended


def resume(job_id: UUID) -> Ended:
    ended = triggers.resume(job_id)
    audit.note("job.resume", job_id)
    return ended


def retry(job_id: UUID, trigger: Trigger) -> Answer:
    answer = triggers.retry(job_id, trigger)
    audit.note("job.retry", job_id, job_id=str(answer.job_id))
    return answer


def add_target(fields: dict[str, Any]) -> ScrapingTarget:
    """Raises TargetInvalid."""
    with database.transaction() as session:
        target = targets.register(session, fields)
        audit.note_in(session, "target.add", target.name, id=target.id)
    return target


def change_target(
    reference: int | str, fields: dict[str, Any], *, seen_at: datetime | None
) -> ScrapingTarget:
    """Raises TargetNotFound, TargetInvalid, TargetChanged."""
    with database.transaction() as session:
        target = targets.find(session, reference)
        before = stored(target)
        if isinstance(given := fields.get("arguments"), Mapping):
            fields = fields | {"arguments": hidden_arguments.unhidden(given, target.arguments)}
        targets.change(session, target, fields, seen_at=seen_at)
        # The names alone: a value may be a secret.
        names = [name for name, value in stored(target).items() if value != before[name]]
        audit.note_in(session, "target.edit", target.name, id=target.id, changed=names)
    return target


def delete_target(target: ScrapingTarget, *, seen_at: datetime | None = None) -> None:
    """Raises TargetNotFound, TargetChanged."""
    triggers.delete_target(target.id, seen_at=seen_at)
    audit.note("target.delete", target.name, id=target.id)


def stored(target: ScrapingTarget) -> dict[str, Any]:
    """What a person may change of it, as it stands."""
    return {name: getattr(target, name) for name in targets.FIELDS}
