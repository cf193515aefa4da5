"""What people are to be told: facts, noted for each channel that a rule of says so.

What a job's end tells is noted in the transaction of that end. What did not happen nobody commits,
so the sweep looks for it. A fact has a key, so noting it twice is noting it once.
"""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, exists, func, literal, or_, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from orchestrator import config
from orchestrator.ledger import bells, budgets, change_sets, changes, saved_filters, schedules
from orchestrator.ledger.changes import Change
from orchestrator.ledger.models import (
    ACTIVE,
    Alert,
    AlertChannel,
    AlertKind,
    AlertRule,
    JobJudgement,
    JobStatus,
    SavedFilter,
    ScrapingJob,
    ScrapingTarget,
    Verdict,
)

#: An occasion that is so long past was missed; a job that could have begun so long ago waits.
_LATE, _TOO_LONG = timedelta(minutes=5), timedelta(minutes=15)
#: After a target of a site has failed, others of that site are told together, once in so long.
_SITE_DOWN = timedelta(hours=1)
_LONGEST_MESSAGE, _MOST_LATE, _MOST_NAMES = 300, 500, 20
#: So many changes of a job are told one by one, each by a name of so many letters.
_MOST_CHANGES, _LONGEST_NAME = 5, 100
#: When digests come, and what they look back on.
_DIGESTS = {
    AlertKind.DAILY: ("0 8 * * *", timedelta(days=1)),
    AlertKind.WEEKLY: ("0 8 * * 1", timedelta(days=7)),
}
_OF_ENDS = (
    AlertKind.FAILED,
    AlertKind.SUSPICIOUS,
    AlertKind.RECOVERED,
    AlertKind.PAGES_GIVEN_UP,
)
#: A completed job that is not believed.
_DOUBTED = (Verdict.SUSPICIOUS, Verdict.BAD)
_TOLD_OF = (JobStatus.COMPLETED, JobStatus.FAILED)


def note_end(session: Session, job_id: uuid.UUID) -> None:
    """Notes what the end of a job tells: that its target begins to fail, or has recovered.

    While a target goes on failing, giving up pages or not being believed, nothing new is told.
    """
    if not _is_asked_for(session, _OF_ENDS):
        return
    row = session.execute(_ENDED.where(ScrapingJob.id == job_id)).one_or_none()
    if row is None or row.status not in _TOLD_OF:
        return
    before = session.execute(
        _BEFORE.where(
            ScrapingJob.target_id == row.target_id,
            ScrapingJob.id != job_id,
            ScrapingJob.queued_at <= row.queued_at,
        )
    ).one_or_none()
    told = _told_by(row, before)
    if row.verdict in _DOUBTED and not _was_doubted(session, row, job_id):
        told.append((AlertKind.SUSPICIOUS, {"finding": _worst(session, job_id)}))
    for kind, more in told:
        details = _of_target(row) | {"job_id": str(job_id), "at": _iso(row.completed_at)} | more
        _note(session, kind, f"{kind}:{job_id}", row, details)


def note_changes(session: Session, job_id: uuid.UUID) -> None:
    """What an ended job changed is current from now on: it joins the feed, and those are told
    whose filter it fits. Once; nothing happens before it is known what the job did not see.
    """
    if not change_sets.note(session, job_id) or not _is_asked_for(session, [AlertKind.CHANGES]):
        return
    row = session.execute(_ENDED.where(ScrapingJob.id == job_id)).one()
    asked = select(AlertRule.filter_id).where(AlertRule.filter_id.is_not(None))
    for saved in session.scalars(select(SavedFilter).where(SavedFilter.id.in_(asked))).all():
        of_job = replace(saved_filters.which(saved), job_id=job_id)
        if not of_job.concerns(row.target_id, row.tags):
            continue
        some = changes.some(session, of_job, most=_MOST_CHANGES)
        if some.count:
            told = {"filter": saved.name, "count": some.count, "is_more": some.is_more}
            told |= {"job_id": str(job_id), "at": _iso(row.completed_at)}
            told |= {"first": [_of_change(each) for each in some.changes]} | _of_target(row)
            key = f"{AlertKind.CHANGES}:{saved.id}:{job_id}"
            _note(session, AlertKind.CHANGES, key, row, told, filter_id=saved.id)


def _told_by(row: Any, before: Any) -> list[tuple[AlertKind, dict[str, Any]]]:
    had_failed = before is not None and before.status is JobStatus.FAILED
    if row.status is JobStatus.FAILED:
        message = (row.error_message or "").strip().partition("\n")[0][:_LONGEST_MESSAGE]
        return [] if had_failed else [(AlertKind.FAILED, {"message": message})]
    told: list[tuple[AlertKind, dict[str, Any]]] = []
    counts = {"pages": row.pages, "items": row.items_scraped}
    if had_failed:
        told.append((AlertKind.RECOVERED, counts | {"failed_at": _iso(before.completed_at)}))
    if row.pages_given_up and not (before and before.pages_given_up):
        told.append((AlertKind.PAGES_GIVEN_UP, counts | {"given_up": row.pages_given_up}))
    return told


def _was_doubted(session: Session, row: Any, job_id: uuid.UUID) -> bool:
    """True when the last job of the target that was judged was not believed either."""
    last = (
        select(ScrapingJob.verdict)
        .where(
            ScrapingJob.target_id == row.target_id,
            ScrapingJob.id != job_id,
            ScrapingJob.queued_at <= row.queued_at,
            ScrapingJob.verdict.is_not(None),
        )
        .order_by(ScrapingJob.queued_at.desc(), ScrapingJob.id.desc())
        .limit(1)
    )
    return session.scalar(last) in _DOUBTED


def _worst(session: Session, job_id: uuid.UUID) -> dict[str, Any] | None:
    found = session.scalar(select(JobJudgement.findings).where(JobJudgement.job_id == job_id))
    return found[0] if found else None


def note_late(session: Session) -> None:
    """Notes occasions that passed without a job, and jobs that wait though they could begin.

    To be called before occasions are requested, in the same transaction: that moves them on.
    """
    if not _is_asked_for(session, [AlertKind.LATE]):
        return
    for row in session.execute(_missed()):
        key = f"{AlertKind.LATE}:{row.target_id}:{_iso(row.next_run_at)}"
        _note(
            session, AlertKind.LATE, key, row, _of_target(row) | {"due_at": _iso(row.next_run_at)}
        )
    for row in session.execute(_waiting()):
        details = _of_target(row) | {"due_at": _iso(row.run_after), "job_id": str(row.id)}
        _note(session, AlertKind.LATE, f"{AlertKind.LATE}:{row.id}", row, details)


def note_digests(session: Session, now: datetime) -> None:
    """Notes the digests whose hour has come, each once."""
    rules = session.execute(
        select(AlertRule, AlertChannel.timezone)
        .join(AlertChannel, AlertChannel.id == AlertRule.channel_id)
        .where(AlertChannel.active, AlertRule.kinds.overlap([kind.value for kind in _DIGESTS]))
    )
    for rule, zone in rules.all():
        for kind in [each for each in _DIGESTS if each in rule.kinds]:
            cron, span = _DIGESTS[kind]
            until = schedules.latest_occasion(cron, ZoneInfo(zone), until=now)
            if until > rule.created_at:
                _note_digest(session, rule, kind, since=until - span, until=until)


def _note_digest(
    session: Session, rule: AlertRule, kind: AlertKind, *, since: datetime, until: datetime
) -> None:
    key = f"{kind}:{rule.id}:{_iso(until)}"
    if session.scalar(
        select(exists().where(Alert.channel_id == rule.channel_id, Alert.key == key))
    ):
        return
    details = {"since": _iso(since), "until": _iso(until), "target": "", "scope": _scope(rule)}
    details |= _totals(session, rule, since, until)
    session.execute(
        insert(Alert)
        .values(channel_id=rule.channel_id, key=key, kind=kind, details=details, due_at=func.now())
        .on_conflict_do_nothing()
    )


def _is_asked_for(session: Session, kinds: Sequence[AlertKind]) -> bool:
    asked = exists().where(AlertRule.kinds.overlap([kind.value for kind in kinds]))
    return bool(session.scalar(select(asked)))


def _scope(rule: AlertRule) -> str:
    return rule.tag or ""


def _totals(session: Session, rule: AlertRule, since: datetime, until: datetime) -> dict[str, Any]:
    of_rule = [ScrapingJob.completed_at >= since, ScrapingJob.completed_at < until]
    if rule.target_id is not None:
        of_rule.append(ScrapingJob.target_id == rule.target_id)
    if rule.tag is not None:
        of_rule.append(ScrapingTarget.tags.contains([rule.tag]))
    joined = select(ScrapingJob.id).join(ScrapingTarget, ScrapingTarget.id == ScrapingJob.target_id)
    failed = ScrapingJob.status == JobStatus.FAILED
    sums = joined.where(*of_rule, ScrapingJob.status.in_(_TOLD_OF)).with_only_columns(
        func.count().filter(~failed).label("completed"),
        func.count().filter(failed).label("failed"),
        func.coalesce(func.sum(ScrapingJob.items_new), 0).label("new"),
        func.coalesce(func.sum(ScrapingJob.items_changed), 0).label("changed"),
    )
    names = joined.where(*of_rule, failed).with_only_columns(ScrapingTarget.name).distinct()
    failing = session.scalars(names.order_by(ScrapingTarget.name).limit(_MOST_NAMES)).all()
    counts = {name: int(count) for name, count in session.execute(sums).one()._mapping.items()}
    return counts | {"failing": list(failing)}


def _note(
    session: Session,
    kind: AlertKind,
    key: str,
    row: Any,
    details: dict[str, Any],
    *,
    filter_id: int | None = None,
) -> None:
    """For each active channel that has a rule for it, and for that filter if it is about one."""
    by_rule = [AlertRule.kinds.contains([kind])]
    if filter_id is not None:
        by_rule.append(AlertRule.filter_id == filter_id)
    concerned = or_(
        AlertRule.target_id == row.target_id,
        AlertRule.tag == func.any(literal(list(row.tags), ScrapingTarget.tags.type)),
        (AlertRule.target_id.is_(None) & AlertRule.tag.is_(None)),
    )
    channels = (
        select(
            AlertChannel.id,
            literal(key),
            literal(kind, Alert.kind.type),
            literal(details, JSONB),
            _due_at(kind, details),
        )
        .where(
            AlertChannel.active,
            exists().where(AlertRule.channel_id == AlertChannel.id, *by_rule, concerned),
        )
        .order_by(AlertChannel.id)
    )
    columns = ["channel_id", "key", "kind", "details", "due_at"]
    session.execute(insert(Alert).from_select(columns, channels).on_conflict_do_nothing())


def _due_at(kind: AlertKind, details: dict[str, Any]) -> ColumnElement[datetime]:
    """When it is to be told: soon, or with others of its site when that is known to be down."""
    soon = func.now() + timedelta(seconds=config.get().alert_group_seconds)
    if kind is not AlertKind.FAILED or not details["site"]:
        return soon
    first = select(func.min(Alert.happened_at)).where(
        Alert.channel_id == AlertChannel.id,
        Alert.kind == AlertKind.FAILED,
        Alert.happened_at > func.now() - _SITE_DOWN,
        Alert.details["site"].astext == details["site"],
    )
    known = first.correlate(AlertChannel).scalar_subquery()
    return case((known.is_(None), soon), else_=known + _SITE_DOWN)


def _of_change(change: Change) -> dict[str, Any]:
    fields = change.difference.fields if change.difference else []
    return {
        "kind": change.kind,
        "name": (change.title or change.key)[:_LONGEST_NAME],
        "item_id": change.item_id,
        "fields": [[each.name, each.before, each.after] for each in fields],
    }


def _of_target(row: Any) -> dict[str, Any]:
    urls: Sequence[str] = row.start_urls or ()
    site = budgets.name_of(urls[0]) if urls else ""
    return {"target": row.name, "target_id": row.target_id, "site": site}


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


_TARGET = (
    ScrapingTarget.id.label("target_id"),
    ScrapingTarget.name,
    ScrapingTarget.tags,
    ScrapingTarget.start_urls,
)
_ENDED = select(
    *_TARGET,
    ScrapingJob.status,
    ScrapingJob.queued_at,
    ScrapingJob.completed_at,
    ScrapingJob.error_message,
    ScrapingJob.pages,
    ScrapingJob.items_scraped,
    ScrapingJob.pages_given_up,
    ScrapingJob.verdict,
).join(ScrapingTarget, ScrapingTarget.id == ScrapingJob.target_id)
_BEFORE = (
    select(ScrapingJob.status, ScrapingJob.completed_at, ScrapingJob.pages_given_up)
    .where(ScrapingJob.status.in_(_TOLD_OF))
    .order_by(ScrapingJob.queued_at.desc(), ScrapingJob.id.desc())
    .limit(1)
)


def _missed() -> Any:
    busy = exists().where(
        ScrapingJob.target_id == ScrapingTarget.id, ScrapingJob.status.in_(ACTIVE)
    )
    return (
        select(*_TARGET, ScrapingTarget.next_run_at)
        .where(ScrapingTarget.active, ScrapingTarget.deleted_at.is_(None), ~busy)
        .where(ScrapingTarget.next_run_at < func.now() - _LATE)
        .limit(_MOST_LATE)
    )


def _waiting() -> Any:
    return (
        select(*_TARGET, ScrapingJob.id, ScrapingJob.run_after)
        .join(ScrapingTarget, ScrapingTarget.id == ScrapingJob.target_id)
        .where(bells.is_due(), ScrapingJob.run_after < func.now() - _TOO_LONG)
        .limit(_MOST_LATE)
    )
