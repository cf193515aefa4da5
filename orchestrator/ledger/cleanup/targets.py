"""Deleted targets, with all they had, however young."""

from collections import Counter
from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Select, select

from orchestrator import database
from orchestrator.ledger.cleanup import batches, idle, items, jobs, rest
from orchestrator.ledger.cleanup.batches import Step
from orchestrator.ledger.models import (
    AlertRule,
    CachedPage,
    ChangeFeed,
    ChangeMark,
    Export,
    ItemListing,
    ScrapedItem,
    ScrapingJob,
    ScrapingTarget,
    TargetDraft,
)

#: What a target owns beside its jobs, items, drafts and listings.
OWNED = {
    "exports": Export.target_id,
    "cached_pages": CachedPage.target_id,
    "alert_rules": AlertRule.target_id,
    "change_marks": ChangeMark.target_id,
    "change_feeds": ChangeFeed.target_id,
}


def remove() -> Counter[str]:
    """Removes those at which nothing goes on."""
    counts: Counter[str] = Counter(dict.fromkeys(OWNED, 0))
    with database.transaction() as session:
        ids = session.scalars(gone()).all()
    for target_id in ids:
        counts.update(items.remove(ScrapedItem.target_id == target_id))
        counts.update(jobs.remove(ScrapingJob.target_id == target_id))
        counts.update(batches.take(steps([target_id])))
    counts["targets"] = batches.remove(ScrapingTarget, *_empty_and_deleted())
    return counts


def gone() -> Select[int]:
    """The ids of deleted targets at which nothing goes on."""
    deleted = ScrapingTarget.deleted_at.is_not(None)
    return select(ScrapingTarget.id).where(deleted, idle.target(ScrapingTarget.id))


def steps(ids: Sequence[int] | Select[int]) -> Iterator[Step]:
    """What targets own beside items and jobs."""
    for noun, owner in OWNED.items():
        yield Step(noun, batches.table_of(owner), owner.in_(ids))
    yield from rest.drafts(TargetDraft.target_id.in_(ids))
    yield from rest.listings(ItemListing.target_id.in_(ids))


def _empty_and_deleted() -> Sequence[ColumnElement[bool]]:
    owners = (
        *(ScrapingJob.target_id, ScrapedItem.target_id, ItemListing.target_id),
        *(TargetDraft.target_id, *OWNED.values()),
    )
    return ScrapingTarget.deleted_at.is_not(None), *batches.unnamed(ScrapingTarget.id, owners)
