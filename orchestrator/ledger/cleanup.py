"""What may go, in batches: old jobs and what hangs on them, items long unseen, deleted targets.

Whatever refers to a row goes or lets go of it first, and a row goes only when nothing refers to it
any more: so no statement touches more than MOST_ROWS rows, not even through a foreign key. Rows
that somebody else holds are passed over and go next time, so a crawl is never waited for.
"""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Row,
    and_,
    delete,
    exists,
    func,
    inspect,
    not_,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased
from sqlalchemy.sql.dml import Delete, Update

from orchestrator import config, database
from orchestrator.exceptions import Invalid
from orchestrator.ledger.models import (
    ACTIVE,
    UNDO_FOR,
    Alert,
    AlertDelivery,
    AlertRule,
    CachedPage,
    ChangeFeed,
    ChangeMark,
    ChangeSet,
    ChargedPage,
    Crawl,
    DraftPage,
    Export,
    FieldDiagnosis,
    HeldItem,
    HeldJob,
    ItemAbsence,
    ItemListing,
    ItemListingPart,
    ItemRevision,
    ItemWords,
    JobJudgement,
    JobLogLine,
    JobProgress,
    PageSample,
    RejectedItem,
    ScrapedItem,
    ScrapingJob,
    ScrapingTarget,
    ScrapydJob,
    Table,
    TargetDraft,
    Worker,
)

#: More in one transaction would hold up others, and much of it be lost when it is interrupted.
MOST_ROWS = 1_000
_MOST_DAYS = 36_500
#: A draft is made in minutes; its pages take room.
_DRAFT_DAYS = 7

#: Each batch leaves dead rows behind, which the planner knows nothing of: a walk through the table
#: would be longer with each, while an index forgets them.
_BY_INDEX = select(
    func.set_config("enable_seqscan", "off", True),
    func.set_config("enable_bitmapscan", "off", True),
)

_Job = aliased(ScrapingJob)

#: What a job owns, and goes before it.
_OWNED = {
    "log_lines": JobLogLine.job_id,
    "progress": JobProgress.job_id,
    "rejected_items": RejectedItem.job_id,
    "charged_pages": ChargedPage.job_id,
    "change_sets": ChangeSet.job_id,
    "page_samples": PageSample.job_id,
    "field_diagnoses": FieldDiagnosis.job_id,
    "crawls": Crawl.job_id,
    "held_items": HeldItem.job_id,
    "held_jobs": HeldJob.job_id,
    "judgements": JobJudgement.job_id,
    "scrapyd_jobs": ScrapydJob.job_id,
}


@dataclass(frozen=True, slots=True)
class _Outdated:
    """Which jobs and items may go, unless something active uses them."""

    jobs: ColumnElement[bool]
    items: ColumnElement[bool]


def old_data(days: int) -> dict[str, int]:
    """Removes what was finished or last seen more than `days` days ago, and deleted targets.

    Answers how many rows of each kind went. A finished job that an item of a busy target still
    names loses its log now and goes when the target is idle; one whose changes are held, or whose
    decision can be undone, stays whole. Raises Invalid.
    """
    cutoff = _days_ago(_checked(days))
    counts = Counter(revisions=_in_batches(_deletion(ItemRevision, *_old_revisions(cutoff))))
    counts.update(
        absences=_in_batches(_deletion(ItemAbsence, *_old_absences(cutoff))),
        held_items=_in_batches(_deletion(HeldItem, _is_settled())),
        exports=_in_batches(_deletion(Export, Export.started_at < cutoff)),
        workers=_in_batches(_deletion(Worker, Worker.seen_at < cutoff)),
        cached_pages=_in_batches(_deletion(CachedPage, CachedPage.seen_at < cutoff)),
    )
    counts.update(_remove_listings(ItemListing.asked_at < cutoff))
    counts.update(_remove_deliveries(cutoff), alert_rules=0, change_marks=0, change_feeds=0)
    counts.update(_remove_samples())
    counts.update(_remove_drafts(TargetDraft.made_at < _days_ago(min(days, _DRAFT_DAYS))))
    old_job = and_(ScrapingJob.completed_at < cutoff, not_(_is_open(ScrapingJob.id)))
    counts.update(_remove(_Outdated(old_job, ScrapedItem.last_seen_at < cutoff)))
    for gone in _deleted_targets():
        counts.update(
            _remove(_Outdated(ScrapingJob.target_id == gone, ScrapedItem.target_id == gone))
        )
        for noun, table in (
            ("exports", Export),
            ("cached_pages", CachedPage),
            ("alert_rules", AlertRule),
            ("change_marks", ChangeMark),
            ("change_feeds", ChangeFeed),
        ):
            counts[noun] += _in_batches(_deletion(table, table.target_id == gone))
        counts.update(_remove_drafts(TargetDraft.target_id == gone))
        counts.update(_remove_listings(ItemListing.target_id == gone))
    counts["targets"] = _in_batches(_deletion(ScrapingTarget, _empty_and_deleted()))
    return dict(counts)


def _checked(days: int) -> int:
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= _MOST_DAYS:
        raise Invalid(
            f"Clean-up keeps a whole number of days from 1 to {_MOST_DAYS:,}, not {days!r:.50}."
        )
    return days


def _old_revisions(cutoff: datetime) -> tuple[ColumnElement[bool], ...]:
    in_use = exists().where(_Job.id == ItemRevision.job_id, _Job.status.in_(ACTIVE))
    return ItemRevision.replaced_at < cutoff, not_(in_use), not_(_is_open(ItemRevision.job_id))


def _old_absences(cutoff: datetime) -> tuple[ColumnElement[bool], ...]:
    return ItemAbsence.back_at < cutoff, not_(_is_open(ItemAbsence.back_job_id))


def _is_open(job_id: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """True of a job whose changes are held, or about which a decision can be undone."""
    undecided = HeldJob.decided_at.is_(None)
    return exists().where(
        HeldJob.job_id == job_id, or_(undecided, HeldJob.decided_at >= func.now() - UNDO_FOR)
    )


def _is_settled() -> ColumnElement[bool]:
    settled = HeldJob.decided_at < func.now() - UNDO_FOR
    return HeldItem.job_id.in_(select(HeldJob.job_id).where(settled))


def _remove_listings(which: ColumnElement[bool]) -> dict[str, int]:
    parts = ItemListingPart.listing_id.in_(select(ItemListing.id).where(which))
    return {
        "listing_parts": _in_batches(_deletion(ItemListingPart, parts)),
        "listings": _in_batches(_deletion(ItemListing, which)),
    }


def _remove_deliveries(cutoff: datetime) -> dict[str, int]:
    """The log of messages, and what channels that are switched off were to be told."""
    over = or_(AlertDelivery.delivered_at < cutoff, AlertDelivery.gave_up_at < cutoff)
    told = Alert.delivery_id.in_(select(AlertDelivery.id).where(over))
    alone = not_(exists().where(Alert.delivery_id == AlertDelivery.id))
    never = and_(Alert.delivery_id.is_(None), Alert.due_at < cutoff)
    return {
        "alerts": _in_batches(_deletion(Alert, or_(told, never))),
        "deliveries": _in_batches(_deletion(AlertDelivery, over, alone)),
    }


def _remove_samples() -> dict[str, int]:
    """Pages that must not be kept any more, and what was found on them; others make room anyway."""
    off = ScrapingTarget.settings.contains({"KUMO_PAGE_SAMPLES": False})
    sampled: ColumnElement[bool]
    diagnosed: ColumnElement[bool]
    sampled = PageSample.target_id.in_(select(ScrapingTarget.id).where(off))
    jobs = select(ScrapingJob.id).join(ScrapingTarget).where(off)
    diagnosed = FieldDiagnosis.job_id.in_(jobs)
    if config.get().sampled_jobs == 0:
        sampled = diagnosed = true()
    return {
        "page_samples": _in_batches(_deletion(PageSample, sampled)),
        "field_diagnoses": _in_batches(_deletion(FieldDiagnosis, diagnosed)),
    }


def _remove_drafts(which: ColumnElement[bool]) -> dict[str, int]:
    of_these = DraftPage.draft_id.in_(select(TargetDraft.id).where(which))
    alone = not_(exists().where(DraftPage.draft_id == TargetDraft.id))
    return {
        "draft_pages": _in_batches(_deletion(DraftPage, of_these)),
        "drafts": _in_batches(_deletion(TargetDraft, which, alone)),
    }


def _remove(outdated: _Outdated) -> Counter[str]:
    counts = _remove_items(outdated.items)
    counts.update(_remove_jobs(outdated.jobs))
    return counts


def _remove_items(which: ColumnElement[bool]) -> Counter[str]:
    counts: Counter[str] = Counter(items=0, words=0, absences=0)
    last = 0
    while found := _items_after(last, which):
        last = found[-1].id
        by_target = sorted(found, key=lambda row: row.target_id)
        for target_id, rows in groupby(by_target, key=lambda row: row.target_id):
            counts.update(_remove_these_items(target_id, [row.id for row in rows], which))
    return counts


def _items_after(last: int, which: ColumnElement[bool]) -> Sequence[Row[int, int]]:
    """The next items that may go, in the order of the table: one walk finds all of them."""
    with database.transaction() as session:
        return session.execute(
            select(ScrapedItem.id, ScrapedItem.target_id)
            .where(ScrapedItem.id > last, which, _idle(ScrapedItem.target_id))
            .order_by(ScrapedItem.id)
            .limit(MOST_ROWS)
        ).all()


def _remove_these_items(
    target_id: int, ids: Sequence[int], which: ColumnElement[bool]
) -> dict[str, int]:
    # Asked again under the lock: one of them may have been seen meanwhile.
    still = (ScrapedItem.id.in_(ids), which)
    revisions = _deletion(
        ItemRevision, ItemRevision.item_id.in_(select(ScrapedItem.id).where(*still))
    )
    words = _deletion(ItemWords, ItemWords.item_id.in_(select(ScrapedItem.id).where(*still)))
    absences = _deletion(ItemAbsence, ItemAbsence.item_id.in_(select(ScrapedItem.id).where(*still)))
    alone = [
        not_(exists().where(owned == ScrapedItem.id))
        for owned in (ItemRevision.item_id, ItemWords.item_id, ItemAbsence.item_id)
    ]
    return {
        "revisions": _in_batches(revisions, of_idle=target_id),
        "words": _in_batches(words, of_idle=target_id),
        "absences": _in_batches(absences, of_idle=target_id),
        "items": _in_batches(_deletion(ScrapedItem, *still, *alone), of_idle=target_id),
    }


def _held_idle(session: Session, target_id: int) -> bool:
    """Locks a target so that no job of it can begin; False when one is active or beginning.

    Otherwise a crawl that found an item could lose it before it writes down what had changed.
    """
    lock = select(ScrapingTarget.id).where(ScrapingTarget.id == target_id)
    if session.scalar(lock.with_for_update(skip_locked=True)) is None:
        return False
    # A statement of its own: it sees what was committed before the lock was ours.
    active = exists().where(_Job.target_id == target_id, _Job.status.in_(ACTIVE))
    return not session.scalar(select(active))


def _remove_jobs(which: ColumnElement[bool]) -> Counter[str]:
    counts: Counter[str] = Counter(dict.fromkeys((*_OWNED, "jobs"), 0))
    last = None
    while found := _jobs_after(last, which):
        last = found[-1]
        counts.update(_remove_these_jobs([row.id for row in found]))
    return counts


def _jobs_after(
    last: Row[datetime | None, uuid.UUID] | None, which: ColumnElement[bool]
) -> Sequence[Row[datetime | None, uuid.UUID]]:
    key = tuple_(ScrapingJob.completed_at, ScrapingJob.id)
    query = select(ScrapingJob.completed_at, ScrapingJob.id).where(
        ScrapingJob.completed_at.is_not(None), ScrapingJob.status.not_in(ACTIVE), which
    )
    if last is not None:
        query = query.where(key > tuple_(*last))
    with database.transaction() as session:
        return session.execute(query.order_by(*key).limit(MOST_ROWS)).all()


def _remove_these_jobs(ids: Sequence[uuid.UUID]) -> dict[str, int]:
    counts = {
        noun: _in_batches(_deletion(_table(owner), owner.in_(ids)))
        for noun, owner in _OWNED.items()
    }
    idle_items = _idle(ScrapedItem.target_id)
    _let_go(ScrapedItem.first_job_id, ids, idle_items)
    _let_go(ScrapedItem.last_job_id, ids, idle_items)
    for column in (ItemRevision.job_id, ItemAbsence.gone_job_id, ItemAbsence.back_job_id):
        _let_go(column, ids)
    _let_go(ScrapingJob.retry_of, ids, ScrapingJob.status.not_in(ACTIVE))
    counts["jobs"] = _in_batches(_deletion(ScrapingJob, ScrapingJob.id.in_(ids), *_unnamed()))
    return counts


def _let_go(
    column: InstrumentedAttribute[Any], ids: Sequence[uuid.UUID], *where: ColumnElement[bool]
) -> None:
    table = _table(column)
    rows = _batch(table, column.in_(ids), *where)
    _in_batches(update(table).where(_key(table).in_(rows)).values({column.key: None}))


def _unnamed() -> list[ColumnElement[bool]]:
    """True of a job that no other row refers to any more."""
    items = (
        ScrapedItem.first_job_id,
        ScrapedItem.last_job_id,
        ItemRevision.job_id,
        ItemAbsence.gone_job_id,
        ItemAbsence.back_job_id,
    )
    return [
        not_(exists().where(column == ScrapingJob.id))
        for column in (*_OWNED.values(), *items, _Job.retry_of)
    ]


def _deleted_targets() -> Sequence[int]:
    gone = and_(ScrapingTarget.deleted_at.is_not(None), _idle(ScrapingTarget.id))
    with database.transaction() as session:
        return session.scalars(select(ScrapingTarget.id).where(gone)).all()


def _empty_and_deleted() -> ColumnElement[bool]:
    return and_(
        ScrapingTarget.deleted_at.is_not(None),
        not_(exists().where(_Job.target_id == ScrapingTarget.id)),
        not_(exists().where(ScrapedItem.target_id == ScrapingTarget.id)),
        not_(exists().where(Export.target_id == ScrapingTarget.id)),
        not_(exists().where(ItemListing.target_id == ScrapingTarget.id)),
        not_(exists().where(TargetDraft.target_id == ScrapingTarget.id)),
        not_(exists().where(CachedPage.target_id == ScrapingTarget.id)),
        not_(exists().where(AlertRule.target_id == ScrapingTarget.id)),
        not_(exists().where(ChangeMark.target_id == ScrapingTarget.id)),
        # Of this column alone: a worker's account may not read what is secret in the others.
        not_(exists(ChangeFeed.id).where(ChangeFeed.target_id == ScrapingTarget.id)),
    )


def _idle(target_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    # Not by EXISTS: the planner would join, and walk the items in the order of their targets.
    return target_id.not_in(select(_Job.target_id).where(_Job.status.in_(ACTIVE)))


def _days_ago(days: int) -> datetime:
    with database.transaction() as session:
        now: datetime = session.scalar(select(func.now()))  # type: ignore[assignment]
    return now - timedelta(days=days)


def _table(column: InstrumentedAttribute[Any]) -> type[Table]:
    table: type[Table] = column.parent.class_
    return table


def _deletion(table: type[Table], *where: ColumnElement[bool]) -> Delete:
    return delete(table).where(_key(table).in_(_batch(table, *where)))


def _batch(table: type[Table], *where: ColumnElement[bool]) -> Any:
    # As a CTE, which is read once: in a join the planner may run a subquery again and again, and
    # each time it locks the next thousand.
    rows = select(*_key_columns(table)).where(*where).limit(MOST_ROWS)
    return select(rows.with_for_update(of=table, skip_locked=True).cte("batch"))


def _key(table: type[Table]) -> Any:
    return tuple_(*_key_columns(table))


def _key_columns(table: type[Table]) -> Sequence[Any]:
    return inspect(table).primary_key


def _in_batches(statement: Delete | Update, *, of_idle: int | None = None) -> int:
    """Runs it until it finds no full batch any more, each time in a transaction of its own.

    `of_idle`: only while that target is idle, which it is held to be meanwhile.
    """
    touched, now = 0, MOST_ROWS
    while now == MOST_ROWS:
        with database.transaction() as session:
            session.execute(_BY_INDEX)
            now = 0
            if of_idle is None or _held_idle(session, of_idle):
                now = _run(session, statement)
        touched += now
    return touched


def _run(session: Session, statement: Delete | Update) -> int:
    done = session.execute(statement, execution_options={"synchronize_session": False})
    assert isinstance(done, CursorResult)
    return int(done.rowcount)
