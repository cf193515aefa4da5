"""A job requested in Scrapyd's way: which target is meant, and what the client calls its job.

All of it is one transaction with the job itself: a request that is refused leaves no target behind,
and two with the same id are not both granted.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from orchestrator.exceptions import Invalid, NotFound, TransitionRefused
from orchestrator.ledger import overviews, requests, scrapyd_jobs, targets, variations
from orchestrator.ledger.models import ScrapingJob, ScrapingTarget, ScrapydJob, Trigger
from orchestrator.ledger.requests import Answer, Terms
from orchestrator.ledger.variations import Variation

_LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asks to have crawled."""

    spider: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    #: None = one is made.
    jobid: str | None = None
    #: So much sooner than the target's own priority has it.
    steps: int = 0


def request(session: Session, wish: Wish, *, who: str) -> Answer:
    """A job of its own for the wish. Raises NotFound, TargetInvalid, Invalid.

    Raises TransitionRefused while another job of the target is active: two wishes are two jobs, and
    a target has one at a time.
    """
    target = _target(session, wish, who=who)
    priority = min(9, max(0, target.priority - wish.steps))
    answer = requests.request(session, target.id, Terms(Trigger.API, priority=priority))
    if not answer.started:
        busy = scrapyd_jobs.one(session, answer.job_id)
        raise TransitionRefused(
            f"Target {target.name} has an active job already, {busy.jobid if busy else ''} "
            f"({answer.status}): wait until it has ended, or cancel it."
        )
    _name(session, answer.job_id, wish)
    return answer


def _target(session: Session, wish: Wish, *, who: str) -> ScrapingTarget:
    """The target that the wish means, registered if there is none."""
    plain = not wish.arguments and not wish.settings
    target = targets.named(session, wish.spider)
    if target and plain:
        return target
    wanted = Variation(wish.spider, arguments=wish.arguments, settings=wish.settings)
    if not _is_known(session, wish.spider):
        if target is None:
            raise NotFound(f"spider '{wish.spider[:200]}' not found")
        wanted = variations.of_target(target, wish.arguments, wish.settings)
    found = variations.find(session, wanted)
    return found or variations.register(session, wanted, who=who)


def _is_known(session: Session, spider: str) -> bool:
    """True of a spider that a worker knows or a target names: workers may be away for a moment."""
    if not spider.isprintable():
        return False
    used = exists().where(ScrapingTarget.spider == spider, ScrapingTarget.deleted_at.is_(None))
    return spider in overviews.known_spiders(session) or bool(session.scalar(select(used)))


def _name(session: Session, job_id: uuid.UUID, wish: Wish) -> None:
    """Keeps what the client calls its job. Raises Invalid."""
    jobid = str(job_id) if wish.jobid is None else wish.jobid
    if not _is_safe(jobid):
        raise Invalid(
            f"jobid is invalid: it should be 1 to {_LONGEST_ID} characters without slashes, "
            "control characters and blanks, and not begin with a dot"
        )
    other = scrapyd_jobs.own_id(jobid)
    taken = other != job_id and other and session.get(ScrapingJob, other)
    row = insert(ScrapydJob).values(job_id=job_id, jobid=jobid, spider=wish.spider)
    named = row.on_conflict_do_nothing(index_elements=[ScrapydJob.jobid])
    if taken or session.scalar(named.returning(ScrapydJob.job_id)) is None:
        raise Invalid(f"jobid '{jobid}' is in use by another job: choose another, or leave it out")


def _is_safe(jobid: str) -> bool:
    """True of what can be a file's name in a path."""
    plain = jobid.isprintable() and not set(jobid) & set("/\\ ")
    return plain and 0 < len(jobid) <= _LONGEST_ID and not jobid.startswith(".")
