"""What a clean-up would remove, counted and left as it is."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain

from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, select
from sqlalchemy.orm import aliased

from orchestrator import database
from orchestrator.ledger.cleanup import idle, items, jobs, rest, targets
from orchestrator.ledger.cleanup.batches import Step, table_of
from orchestrator.ledger.cleanup.retention import Cutoffs
from orchestrator.ledger.models import (
    ACTIVE,
    ItemAbsence,
    ItemRevision,
    ScrapedItem,
    ScrapingJob,
    ScrapingTarget,
    Table,
)

_Job = aliased(ScrapingJob)


def count(cutoffs: Cutoffs) -> dict[str, int]:
    """How many rows of each kind would go, if nothing happened meanwhile."""
    tables: dict[str, type[Table]] = {}
    which: defaultdict[str, list[ColumnElement[bool]]] = defaultdict(list)
    of_kinds = (_changes, _items, _jobs, rest.steps, _targets)
    for step in chain.from_iterable(kind(cutoffs) for kind in of_kinds):
        tables[step.noun] = step.table
        which[step.noun].append(step.which)
    return {noun: _count(tables[noun], or_(*which[noun])) for noun in tables}


def _count(table: type[Table], which: ColumnElement[bool]) -> int:
    with database.transaction() as session:
        return session.scalar(select(func.count()).select_from(table).where(which)) or 0


def _changes(cutoffs: Cutoffs) -> Iterator[Step]:
    yield Step("revisions", ItemRevision, and_(*items.old_revisions(cutoffs)))
    yield Step("absences", ItemAbsence, and_(*items.old_absences(cutoffs)))


def _items(cutoffs: Cutoffs) -> Iterator[Step]:
    which = and_(
        idle.target(ScrapedItem.target_id),
        or_(items.unseen(cutoffs), ScrapedItem.target_id.in_(targets.gone())),
    )
    going = select(ScrapedItem.id).where(which)
    for noun, owner in items.OWNED.items():
        yield Step(noun, table_of(owner), owner.in_(going))
    yield Step("items", ScrapedItem, which)


def _jobs(cutoffs: Cutoffs) -> Iterator[Step]:
    ended = and_(ScrapingJob.completed_at.is_not(None), ScrapingJob.status.not_in(ACTIVE))
    gone = ScrapingJob.target_id.in_(targets.gone())
    old = and_(ended, or_(jobs.ended_before(cutoffs.jobs), gone))
    logged = and_(ended, or_(jobs.ended_before(max(cutoffs.jobs, cutoffs.logs)), gone))
    for noun, owner in jobs.OWNED.items():
        of_these = logged if noun in jobs.LOGS else old
        yield Step(noun, table_of(owner), owner.in_(select(ScrapingJob.id).where(of_these)))
    yield Step("jobs", ScrapingJob, and_(old, *_not_kept()))


def _not_kept() -> Sequence[ColumnElement[bool]]:
    """True of a job that no item of a busy target and no active job names."""
    busy = not_(idle.target(ScrapedItem.target_id))
    named = [exists().where(column == ScrapingJob.id, busy) for column in jobs.NAMED_BY_ITEMS]
    repeated = exists().where(_Job.retry_of == ScrapingJob.id, _Job.status.in_(ACTIVE))
    return [not_(each) for each in (*named, repeated)]


def _targets(_: Cutoffs) -> Iterator[Step]:
    yield from targets.steps(targets.gone())
    yield Step("targets", ScrapingTarget, ScrapingTarget.id.in_(targets.gone()))
