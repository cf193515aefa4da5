"""What is neither item nor job: files, listings, drafts, messages, samples, who did what."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, and_, func, or_, select, true

from orchestrator import config, database
from orchestrator.ledger.cleanup.batches import Step, unnamed
from orchestrator.ledger.cleanup.items import settled
from orchestrator.ledger.cleanup.retention import Cutoffs
from orchestrator.ledger.models import (
    Alert,
    AlertDelivery,
    AuditEntry,
    CachedPage,
    DraftPage,
    Export,
    FieldDiagnosis,
    HeldItem,
    ItemListing,
    ItemListingPart,
    PageSample,
    ScrapingJob,
    ScrapingTarget,
    TargetDraft,
    Worker,
)


def steps(cutoffs: Cutoffs) -> Iterator[Step]:
    """What is older than it is kept."""
    yield Step("held_items", HeldItem, settled())
    yield Step("exports", Export, Export.started_at < cutoffs.rest)
    yield Step("workers", Worker, Worker.seen_at < cutoffs.rest)
    yield Step("cached_pages", CachedPage, CachedPage.seen_at < cutoffs.rest)
    yield from _audit(cutoffs)
    yield from listings(ItemListing.asked_at < cutoffs.rest)
    yield from _messages(cutoffs)
    yield from _samples()
    yield from drafts(TargetDraft.made_at < cutoffs.drafts)


def listings(which: ColumnElement[bool]) -> Iterator[Step]:
    parts = ItemListingPart.listing_id.in_(select(ItemListing.id).where(which))
    yield Step("listing_parts", ItemListingPart, parts)
    yield Step("listings", ItemListing, which)


def drafts(which: ColumnElement[bool]) -> Iterator[Step]:
    of_these = DraftPage.draft_id.in_(select(TargetDraft.id).where(which))
    yield Step("draft_pages", DraftPage, of_these)
    yield Step("drafts", TargetDraft, which, unnamed(TargetDraft.id, [DraftPage.draft_id]))


def _audit(cutoffs: Cutoffs) -> Iterator[Step]:
    """Where a worker's account may not erase who did what, it goes when the owner cleans up."""
    with database.transaction() as session:
        table = AuditEntry.__tablename__
        may_erase = session.scalar(select(func.has_table_privilege(table, "DELETE")))
    if may_erase:
        yield Step("audit", AuditEntry, AuditEntry.at < cutoffs.audit)


def _messages(cutoffs: Cutoffs) -> Iterator[Step]:
    """The log of messages, and what channels that are switched off were to be told."""
    moment = cutoffs.messages
    over = or_(AlertDelivery.delivered_at < moment, AlertDelivery.gave_up_at < moment)
    told = Alert.delivery_id.in_(select(AlertDelivery.id).where(over))
    never = and_(Alert.delivery_id.is_(None), Alert.due_at < moment)
    yield Step("alerts", Alert, or_(told, never))
    alone = unnamed(AlertDelivery.id, [Alert.delivery_id])
    yield Step("deliveries", AlertDelivery, over, alone)


def _samples() -> Iterator[Step]:
    """Pages that must not be kept any more, and what was found on them; others make room anyway."""
    off = ScrapingTarget.settings.contains({"KUMO_PAGE_SAMPLES": False})
    sampled: ColumnElement[bool]
    diagnosed: ColumnElement[bool]
    sampled = PageSample.target_id.in_(select(ScrapingTarget.id).where(off))
    jobs = select(ScrapingJob.id).join(ScrapingTarget).where(off)
    diagnosed = FieldDiagnosis.job_id.in_(jobs)
    if config.get().sampled_jobs == 0:
        sampled = diagnosed = true()
    yield Step("page_samples", PageSample, sampled)
    yield Step("field_diagnoses", FieldDiagnosis, diagnosed)
