"""Targets: register, find, change and delete them; which are due."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from orchestrator import config
from orchestrator.exceptions import Sentence, TargetChanged, TargetInvalid, TargetNotFound
from orchestrator.ledger import definitions, schedules
from orchestrator.ledger.models import ACTIVE, Overlap, Queue, ScrapingJob, ScrapingTarget

#: What a person may change, in the order people read it.
FIELDS = tuple(definitions.TargetDefinition.model_fields)


def register(session: Session, fields: dict[str, Any]) -> ScrapingTarget:
    """Adds a target. Raises TargetInvalid, also when a living target has that name."""
    values = definitions.check(fields).model_dump()
    values["next_run_at"] = _next_run(values["schedule"], values["timezone"], _now(session))
    target: ScrapingTarget | None = session.scalar(
        insert(ScrapingTarget).values(values).on_conflict_do_nothing().returning(ScrapingTarget)
    )
    if target is None:
        raise _taken(values["name"])
    return target


def change(
    session: Session,
    target: ScrapingTarget,
    fields: dict[str, Any],
    *,
    seen_at: datetime | None = None,
) -> ScrapingTarget:
    """Changes some fields; jobs already requested keep their definition.

    `seen_at` is the `updated_at` that a person had before their eyes. Raises TargetChanged when
    that is not how the target stands, and TargetInvalid; then nothing has changed.
    """
    if seen_at is not None:
        _hold_as_seen(session, target, seen_at)
    now = {name: getattr(target, name) for name in FIELDS}
    values = definitions.check(now | fields).model_dump()
    if values["name"] != target.name and named(session, values["name"]) is not None:
        raise _taken(values["name"])
    moment = _now(session)
    for name, value in values.items():
        setattr(target, name, value)
    # An occasion that waits for a job to end outlives other changes.
    if any(now[name] != values[name] for name in ("schedule", "timezone", "active")):
        target.next_run_at = _next_run(target.schedule, target.timezone, moment)
    target.updated_at = moment
    try:
        session.flush()
    except IntegrityError as error:  # another took the name at the same moment
        raise _taken(values["name"]) from error
    return target


def count_by_queue(session: Session) -> dict[str, int]:
    """How many living targets there are, by the queue in which their jobs' bells are rung."""
    renders, tag = ScrapingTarget.render, ScrapingTarget.worker_tag
    query = select(renders, tag, func.count()).where(_living()).group_by(renders, tag)
    kinds = {True: Queue.BROWSER, False: Queue.CRAWLS}
    return {kinds[row[0]].of(row[1]): row[2] for row in session.execute(query)}


def set_active(session: Session, target_ids: Sequence[int], *, active: bool) -> list[str]:
    """Lets schedules start those that live, or keeps them from it; gives their names."""
    # Locked in one order, so that two such changes wait for each other.
    query = select(ScrapingTarget).where(ScrapingTarget.id.in_(target_ids), _living())
    found = session.scalars(query.order_by(ScrapingTarget.id).with_for_update()).all()
    moment = _now(session)
    for target in found:
        target.active, target.updated_at = active, moment
        target.next_run_at = _next_run(target.schedule, target.timezone, moment)
    session.flush()
    return sorted(target.name for target in found)


def find(session: Session, reference: int | str) -> ScrapingTarget:
    """The living target of that id or name. Raises TargetNotFound.

    A reference of digits is an id first and a name only when no target has that id.
    """
    text = str(reference)
    # A bigint ends there; a longer number can only be a name.
    by_id = (
        session.get(ScrapingTarget, int(text))
        if text.isascii() and text.isdigit() and len(text) < 19
        else None
    )
    target = by_id if by_id and by_id.deleted_at is None else named(session, text)
    if target is None:
        raise TargetNotFound(
            Sentence(
                "There is no target %(reference)r; `kumo targets list` shows all.",
                reference=text[:100],
            )
        )
    return target


def named(session: Session, name: str) -> ScrapingTarget | None:
    """The living target of that name."""
    # No name has what Postgres could not even be asked for.
    if not name.isprintable():
        return None
    return session.scalar(select(ScrapingTarget).where(ScrapingTarget.name == name, _living()))


def names(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """What those are called, the deleted ones too."""
    query = select(ScrapingTarget.id, ScrapingTarget.name).where(ScrapingTarget.id.in_(ids))
    return {row.id: row.name for row in session.execute(query)}


def by_name(session: Session) -> dict[str, ScrapingTarget]:
    """All that live, in the order of their names."""
    query = select(ScrapingTarget).where(_living()).order_by(ScrapingTarget.name)
    return {target.name: target for target in session.scalars(query)}


def active_ids(session: Session, *, nightly_only: bool = False) -> Sequence[int]:
    """The ids of targets that schedules start; `nightly_only`: those without a schedule."""
    query = select(ScrapingTarget.id).where(_living(), ScrapingTarget.active)
    if nightly_only:
        query = query.where(ScrapingTarget.schedule.is_(None))
    return session.scalars(query.order_by(ScrapingTarget.id)).all()


def due(session: Session, now: datetime) -> dict[datetime, list[int]]:
    """Targets whose occasion has come, by that occasion, moved on to their next one.

    After an outage only the latest missed occasion counts. One that is queued behind another job
    stays due until that has ended.
    """
    come = session.scalars(
        select(ScrapingTarget)
        .where(_living(), ScrapingTarget.active, ScrapingTarget.next_run_at <= now)
        .order_by(ScrapingTarget.id)
        .with_for_update(skip_locked=True)
    ).all()
    # While its row is locked nobody begins a job of a target, so those found are all.
    busy = _active_jobs(session, [each.id for each in come if each.overlap is Overlap.QUEUE])
    occasions: dict[datetime, list[int]] = {}
    for target in come:
        cron, zone = timing(target.schedule, target.timezone)
        occasion = schedules.latest_occasion(cron, zone, until=now)
        if target.id in busy and busy[target.id].due_at != occasion:
            continue
        occasions.setdefault(occasion, []).append(target.id)
        target.next_run_at = schedules.next_occasion(cron, zone, after=now)
    return occasions


def queued_behind(session: Session, target: ScrapingTarget) -> ScrapingJob | None:
    """The job that the target's occasion waits for, if one has come and is queued."""
    now = _now(session)
    if target.overlap is not Overlap.QUEUE or not target.active:
        return None
    if target.next_run_at is None or target.next_run_at > now:
        return None
    job = _active_jobs(session, [target.id]).get(target.id)
    cron, zone = timing(target.schedule, target.timezone)
    is_its_own = job and job.due_at == schedules.latest_occasion(cron, zone, until=now)
    return None if is_its_own else job


def latest_nightly(now: datetime) -> datetime:
    """The nightly occasion that has come last."""
    settings = config.get()
    return schedules.latest_occasion(settings.nightly, settings.zone, until=now)


def timing(schedule: str | None, timezone: str | None) -> tuple[str, ZoneInfo]:
    """The cron line and the zone that count; the nightly ones have a zone of their own."""
    settings = config.get()
    zone = ZoneInfo(timezone) if timezone else settings.zone
    return (schedule, zone) if schedule else (settings.nightly, settings.zone)


def delete(session: Session, target: ScrapingTarget, *, seen_at: datetime | None = None) -> None:
    """Frees its name and takes it off every list; its rows go in batches afterwards.

    `seen_at` is as in `change`. Raises TargetChanged.
    """
    if seen_at is not None:
        _hold_as_seen(session, target, seen_at)
    session.execute(
        update(ScrapingTarget)
        .where(ScrapingTarget.id == target.id, _living())
        .values(deleted_at=func.now(), active=False)
    )


def _hold_as_seen(session: Session, target: ScrapingTarget, seen_at: datetime) -> None:
    """Locks it until the transaction ends. Raises TargetChanged when it is not as it was seen."""
    session.refresh(target, with_for_update=True)
    if target.updated_at != seen_at:
        raise TargetChanged(
            Sentence("Target %(name)s was changed by somebody else.", name=target.name)
        )


def _active_jobs(session: Session, target_ids: Sequence[int]) -> dict[int, ScrapingJob]:
    """By target."""
    query = select(ScrapingJob).where(
        ScrapingJob.target_id == func.any(list(target_ids)), ScrapingJob.status.in_(ACTIVE)
    )
    return {job.target_id: job for job in session.scalars(query)} if target_ids else {}


def _taken(name: str) -> TargetInvalid:
    return TargetInvalid({"name": Sentence("a target named %(name)s exists already", name=name)})


def _living() -> Any:
    return ScrapingTarget.deleted_at.is_(None)


def _next_run(schedule: str | None, timezone: str | None, now: datetime) -> datetime:
    cron, zone = timing(schedule, timezone)
    return schedules.next_occasion(cron, zone, after=now)


def _now(session: Session) -> datetime:
    now: datetime = session.scalar(select(func.now()))  # type: ignore[assignment]
    return now
