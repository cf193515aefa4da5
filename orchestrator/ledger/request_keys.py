"""Keys of requests: whoever asks again with the same key is told of the same job.

A program that got no answer cannot know whether its request was heard, so it asks once more. The
job's id is made of who asks, of what target and with which key; so no table is needed, and the rule
that a job is there once holds for this too. The day is part of it, by the database's clock, and an
id of the day before counts until it is a day old.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orchestrator.ledger import requests, ticks
from orchestrator.ledger.models import JobStatus, ScrapingJob
from orchestrator.ledger.requests import Answer, Terms

LONGEST = 255
_KEPT = timedelta(days=1)
_NAMESPACE = uuid.UUID("1d0f2b57-6a0c-4f0e-9f55-0c6f1f0a7b11")


@dataclass(frozen=True, slots=True)
class RequestKey:
    """What somebody calls one request of theirs."""

    #: Whose key it is: others may use the same words.
    who: str
    key: str

    def job_id(self, target_id: int, day: int) -> uuid.UUID:
        return uuid.uuid5(_NAMESPACE, f"{day}\n{target_id}\n{self.who}\n{self.key}")


def request(session: Session, target_id: int, terms: Terms, key: RequestKey) -> Answer:
    """The job of that key, made unless it is there; `started` then says that the key has made one.

    When the target is busy it is a skipped job that names the other. Raises TargetNotFound.
    """
    # Two of the same key take turns, also around midnight, where their ids would differ.
    lock = key.job_id(target_id, 0).int % 2**63
    session.execute(select(func.pg_advisory_xact_lock(lock)))
    now = ticks.now(session)
    today = now.astimezone(UTC).toordinal()
    job_id = _kept(session, key.job_id(target_id, today - 1), now) or key.job_id(target_id, today)
    answer = requests.request(session, target_id, terms, job_id=job_id)
    made = answer.job_id == job_id and answer.status is not JobStatus.SKIPPED
    return Answer(
        answer.target_id,
        answer.job_id,
        answer.status,
        answer.priority,
        started=made,
        starts_at=answer.starts_at,
    )


def _kept(session: Session, job_id: uuid.UUID, now: datetime) -> uuid.UUID | None:
    young = ScrapingJob.id == job_id, ScrapingJob.queued_at > now - _KEPT
    return session.scalar(select(ScrapingJob.id).where(*young))
