"""The audit list: who did what, and when.

An entry names its subject as text, so that it outlives the job, the target and the person; what of
them still lives is looked up for a page at once.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, cast, func, or_, select
from sqlalchemy.orm import Session

from orchestrator.ledger.models import AuditEntry, ScrapingJob, ScrapingTarget

_LONGEST_SUBJECT, _LONGEST_DETAILS, _MOST_NAMES = 300, 1_000, 500


@dataclass(frozen=True, slots=True)
class Which:
    """Which entries a list shows."""

    who: str | None = None
    action: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody did, its texts cut to what a list shows."""

    id: int
    at: datetime
    who: str
    action: str
    subject: str
    #: JSON, its beginning when it is long.
    details: str
    #: The job that the action started.
    job_id: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of entries, and the keys of the pages beside it."""

    entries: Sequence[Entry]
    older: int | None
    newer: int | None


@dataclass(frozen=True, slots=True)
class Living:
    """What the entries of a page are about, as far as it is still there."""

    #: The names of jobs' targets, by the job's id.
    jobs: dict[str, str]
    #: Targets, deleted ones too, by id as text; the living ones also by name.
    targets: dict[str, ScrapingTarget]


def record(session: Session, who: str, action: str, subject: str, **details: Any) -> None:
    """Writes down who did what, in the transaction that does it."""
    session.add(AuditEntry(who=who, action=action, subject=subject, details=details))


def page(
    session: Session,
    which: Which,
    *,
    older_than: int | None = None,
    newer_than: int | None = None,
    size: int = 50,
) -> Page:
    """Entries newest first; without keys the newest ones."""
    query = _listed(which)
    if newer_than is not None:
        query = query.where(AuditEntry.id > newer_than).order_by(AuditEntry.id)
    else:
        query = query.where(AuditEntry.id < older_than) if older_than is not None else query
        query = query.order_by(AuditEntry.id.desc())
    entries = [Entry(*row) for row in session.execute(query.limit(size + 1))]
    more, entries = len(entries) > size, entries[:size]
    if newer_than is not None:
        entries.reverse()
        has_older, has_newer = bool(entries), more
    else:
        has_older, has_newer = more, older_than is not None
    return Page(
        entries,
        older=entries[-1].id if entries and has_older else None,
        newer=entries[0].id if entries and has_newer else None,
    )


def names(session: Session) -> Sequence[str]:
    """Everybody who ever did something; by leaps along the index, not over the whole list."""
    first = select(func.min(AuditEntry.who).label("who")).cte(recursive=True)
    following = select(func.min(AuditEntry.who)).where(AuditEntry.who > first.c.who)
    known = first.union_all(select(following.scalar_subquery()).where(first.c.who.is_not(None)))
    query = select(known.c.who).where(known.c.who.is_not(None)).limit(_MOST_NAMES)
    return session.scalars(query).all()


def living(session: Session, entries: Iterable[Entry]) -> Living:
    """What the entries are about, in two queries."""
    subjects = {entry.subject for entry in entries} | {
        entry.job_id for entry in entries if entry.job_id
    }
    return Living(_jobs(session, subjects), _targets(session, subjects))


def _jobs(session: Session, subjects: set[str]) -> dict[str, str]:
    wanted = [found for each in subjects if (found := _uuid(each))]
    rows = session.execute(
        select(ScrapingJob.id, ScrapingTarget.name)
        .join(ScrapingTarget, ScrapingTarget.id == ScrapingJob.target_id)
        .where(ScrapingJob.id.in_(wanted))
    )
    return {str(job_id): name for job_id, name in rows}


def _targets(session: Session, subjects: set[str]) -> dict[str, ScrapingTarget]:
    ids = [int(each) for each in subjects if each.isascii() and each.isdigit() and len(each) < 19]
    is_living = ScrapingTarget.deleted_at.is_(None)
    found = session.scalars(
        select(ScrapingTarget).where(
            or_(ScrapingTarget.id.in_(ids), ScrapingTarget.name.in_(subjects) & is_living)
        )
    ).all()
    by_name = {target.name: target for target in found if target.deleted_at is None}
    return by_name | {str(target.id): target for target in found}


def _listed(which: Which) -> Any:
    query = select(
        AuditEntry.id,
        AuditEntry.at,
        func.left(AuditEntry.who, _LONGEST_SUBJECT),
        AuditEntry.action,
        func.left(AuditEntry.subject, _LONGEST_SUBJECT),
        func.left(cast(AuditEntry.details, Text), _LONGEST_DETAILS),
        AuditEntry.details["job_id"].astext,
    )
    if which.who is not None:
        query = query.where(AuditEntry.who == which.who)
    if which.action is not None:
        query = query.where(AuditEntry.action == which.action)
    return query


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
