"""Ended jobs with all that hangs on them, and logs that go before their jobs."""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, not_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, aliased

from orchestrator import database
from orchestrator.ledger.cleanup import batches, idle
from orchestrator.ledger.cleanup.items import is_open
from orchestrator.ledger.cleanup.retention import Cutoffs
from orchestrator.ledger.models import (
    ACTIVE,
    ChangeSet,
    ChargedPage,
    Crawl,
    FieldDiagnosis,
    HeldItem,
    HeldJob,
    ItemAbsence,
    ItemRevision,
    JobJudgement,
    JobLogLine,
    JobProgress,
    PageSample,
    RejectedItem,
    ScrapedItem,
    ScrapingJob,
    ScrapydJob,
)

#: What a job's log and progress are, which may go before it.
LOGS = {"log_lines": JobLogLine.job_id, "progress": JobProgress.job_id}
#: What a job owns, and goes before it.
OWNED = LOGS | {
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
#: What names a job and outlives it.
NAMED_BY_ITEMS = (ScrapedItem.first_job_id, ScrapedItem.last_job_id)
NAMED_BY_CHANGES = (ItemRevision.job_id, ItemAbsence.gone_job_id, ItemAbsence.back_job_id)
_Job = aliased(ScrapingJob)

_Place = Row[datetime | None, uuid.UUID]


def ended_before(moment: datetime) -> ColumnElement[bool]:
    """True of jobs that ended before it, unless what they changed is not settled."""
    return and_(ScrapingJob.completed_at < moment, not_(is_open(ScrapingJob.id)))


def remove(which: ColumnElement[bool]) -> Counter[str]:
    """Removes jobs with all they own; one that an item of a busy target names stays, bare."""
    counts: Counter[str] = Counter(dict.fromkeys((*OWNED, "jobs"), 0))
    for ids in _walk(which):
        counts.update(_remove_what_is_owned(ids, OWNED))
        _let_go_of(ids)
        references = (*OWNED.values(), *NAMED_BY_ITEMS, *NAMED_BY_CHANGES, _Job.retry_of)
        alone = batches.unnamed(ScrapingJob.id, references)
        counts["jobs"] += batches.remove(ScrapingJob, ScrapingJob.id.in_(ids), *alone)
    return counts


def remove_logs(cutoffs: Cutoffs) -> Counter[str]:
    """Removes logs that are kept for a shorter time than their jobs."""
    counts: Counter[str] = Counter(dict.fromkeys(LOGS, 0))
    if cutoffs.logs > cutoffs.jobs:
        for ids in _walk(ended_before(cutoffs.logs)):
            counts.update(_remove_what_is_owned(ids, LOGS))
    return counts


def _walk(which: ColumnElement[bool]) -> Iterator[list[uuid.UUID]]:
    """The ended jobs that fit, a thousand at a time; those that stay are passed by."""
    last = None
    while found := _after(last, which):
        last = found[-1]
        yield [row.id for row in found]


def _after(last: _Place | None, which: ColumnElement[bool]) -> Sequence[_Place]:
    key = tuple_(ScrapingJob.completed_at, ScrapingJob.id)
    query = select(ScrapingJob.completed_at, ScrapingJob.id).where(
        ScrapingJob.completed_at.is_not(None), ScrapingJob.status.not_in(ACTIVE), which
    )
    if last is not None:
        query = query.where(key > tuple_(*last))
    with database.transaction() as session:
        return session.execute(query.order_by(*key).limit(batches.MOST_ROWS)).all()


def _remove_what_is_owned(
    ids: Sequence[uuid.UUID], owned: Mapping[str, InstrumentedAttribute[Any]]
) -> dict[str, int]:
    return {
        noun: batches.remove(batches.table_of(owner), owner.in_(ids))
        for noun, owner in owned.items()
    }


def _let_go_of(ids: Sequence[uuid.UUID]) -> None:
    for column in NAMED_BY_ITEMS:
        batches.let_go(column, ids, idle.target(ScrapedItem.target_id))
    for column in NAMED_BY_CHANGES:
        batches.let_go(column, ids)
    batches.let_go(ScrapingJob.retry_of, ids, ScrapingJob.status.not_in(ACTIVE))
