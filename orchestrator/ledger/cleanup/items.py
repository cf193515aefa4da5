"""Items that no crawl has seen for long, and what items were before."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, func, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from orchestrator import database
from orchestrator.ledger.cleanup import batches, idle
from orchestrator.ledger.cleanup.retention import Cutoffs
from orchestrator.ledger.models import (
    ACTIVE,
    UNDO_FOR,
    HeldItem,
    HeldJob,
    ItemAbsence,
    ItemRevision,
    ItemWords,
    ScrapedItem,
    ScrapingJob,
    ScrapingTarget,
)

#: What an item owns, and goes before it.
OWNED = {
    "revisions": ItemRevision.item_id,
    "words": ItemWords.item_id,
    "absences": ItemAbsence.item_id,
}
#: What a target says of its own items.
_OWN_DAYS = "KUMO_KEEP_ITEMS_DAYS"
_Job = aliased(ScrapingJob)


def unseen(cutoffs: Cutoffs) -> ColumnElement[bool]:
    """True of an item last seen longer ago than its target, or else the installation, keeps it."""
    with database.transaction() as session:
        own = session.execute(
            select(ScrapingTarget.id, ScrapingTarget.settings[_OWN_DAYS].as_integer()).where(
                ScrapingTarget.settings.has_key(_OWN_DAYS)
            )
        ).all()
    others = ScrapedItem.target_id.not_in([target_id for target_id, _ in own])
    return or_(
        and_(others, ScrapedItem.last_seen_at < cutoffs.items),
        *(
            and_(ScrapedItem.target_id == target_id, ScrapedItem.last_seen_at < cutoffs.ago(days))
            for target_id, days in own
        ),
    )


def old_revisions(cutoffs: Cutoffs) -> Sequence[ColumnElement[bool]]:
    in_use = exists().where(_Job.id == ItemRevision.job_id, _Job.status.in_(ACTIVE))
    old = ItemRevision.replaced_at < cutoffs.changes
    return old, not_(in_use), not_(is_open(ItemRevision.job_id))


def old_absences(cutoffs: Cutoffs) -> Sequence[ColumnElement[bool]]:
    return ItemAbsence.back_at < cutoffs.changes, not_(is_open(ItemAbsence.back_job_id))


def is_open(job_id: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """True of a job whose changes are held, or about which a decision can be undone."""
    undecided = HeldJob.decided_at.is_(None)
    return exists().where(
        HeldJob.job_id == job_id, or_(undecided, HeldJob.decided_at >= func.now() - UNDO_FOR)
    )


def settled() -> ColumnElement[bool]:
    """True of what was set aside of a job about which nothing can be undone any more."""
    over = HeldJob.decided_at < func.now() - UNDO_FOR
    return HeldItem.job_id.in_(select(HeldJob.job_id).where(over))


def remove(which: ColumnElement[bool]) -> Counter[str]:
    """Removes items with all they own, unless something goes on at their target."""
    counts: Counter[str] = Counter(dict.fromkeys((*OWNED, "items"), 0))
    last = 0
    while found := _after(last, which):
        last = found[-1].id
        by_target = sorted(found, key=lambda row: row.target_id)
        for target_id, rows in groupby(by_target, key=lambda row: row.target_id):
            counts.update(_remove_these(target_id, [row.id for row in rows], which))
    return counts


def _after(last: int, which: ColumnElement[bool]) -> Sequence[Row[int, int]]:
    """The next items that may go, in the order of the table: one walk finds all of them."""
    with database.transaction() as session:
        return session.execute(
            select(ScrapedItem.id, ScrapedItem.target_id)
            .where(ScrapedItem.id > last, which, idle.target(ScrapedItem.target_id))
            .order_by(ScrapedItem.id)
            .limit(batches.MOST_ROWS)
        ).all()


def _remove_these(target_id: int, ids: Sequence[int], which: ColumnElement[bool]) -> dict[str, int]:
    # Asked again under the lock: one of them may have been seen meanwhile.
    still = (ScrapedItem.id.in_(ids), which)
    gone = select(ScrapedItem.id).where(*still)
    counts = {
        noun: batches.remove(batches.table_of(owner), owner.in_(gone), of_idle=target_id)
        for noun, owner in OWNED.items()
    }
    alone = batches.unnamed(ScrapedItem.id, list(OWNED.values()))
    counts["items"] = batches.remove(ScrapedItem, *still, *alone, of_idle=target_id)
    return counts
