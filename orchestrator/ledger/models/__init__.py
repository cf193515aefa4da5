"""The tables, a file per noun."""

from orchestrator.ledger.models.alerts import (
    Alert,
    AlertChannel,
    AlertDelivery,
    AlertKind,
    AlertRule,
)
from orchestrator.ledger.models.cached_pages import CachedPage
from orchestrator.ledger.models.changes import (
    ChangeFeed,
    ChangeKind,
    ChangeMark,
    ChangeSet,
    SavedFilter,
)
from orchestrator.ledger.models.crawls import Crawl
from orchestrator.ledger.models.drafts import DraftPage, DraftStatus, FurtherPages, TargetDraft
from orchestrator.ledger.models.exports import Export
from orchestrator.ledger.models.held_items import UNDO_FOR, HeldItem, HeldJob, HeldKind
from orchestrator.ledger.models.items import (
    ItemAbsence,
    ItemRevision,
    ItemWords,
    RejectedItem,
    ScrapedItem,
)
from orchestrator.ledger.models.jobs import ScrapingJob
from orchestrator.ledger.models.judgements import JobJudgement
from orchestrator.ledger.models.listings import ItemListing, ItemListingPart
from orchestrator.ledger.models.log_lines import JobLogLine
from orchestrator.ledger.models.pages import ChargedPage
from orchestrator.ledger.models.people import ApiToken, AuditEntry, Role, Scope, User
from orchestrator.ledger.models.progress import JobProgress
from orchestrator.ledger.models.samples import FieldDiagnosis, PageSample
from orchestrator.ledger.models.schema import Table
from orchestrator.ledger.models.scrapyd_jobs import ScrapydJob
from orchestrator.ledger.models.sites import Site
from orchestrator.ledger.models.tallies import Tally
from orchestrator.ledger.models.targets import Overlap, ScrapingTarget
from orchestrator.ledger.models.ticks import Tick
from orchestrator.ledger.models.workers import Queue, Worker
from orchestrator.ledger.words import (
    ACTIVE,
    JobStatus,
    Publication,
    Requested,
    Trigger,
    Verdict,
)

__all__ = [
    "ACTIVE",
    "UNDO_FOR",
    "Alert",
    "AlertChannel",
    "AlertDelivery",
    "AlertKind",
    "AlertRule",
    "ApiToken",
    "AuditEntry",
    "CachedPage",
    "ChangeFeed",
    "ChangeKind",
    "ChangeMark",
    "ChangeSet",
    "ChargedPage",
    "Crawl",
    "DraftPage",
    "DraftStatus",
    "Export",
    "FieldDiagnosis",
    "FurtherPages",
    "HeldItem",
    "HeldJob",
    "HeldKind",
    "ItemAbsence",
    "ItemListing",
    "ItemListingPart",
    "ItemRevision",
    "ItemWords",
    "JobJudgement",
    "JobLogLine",
    "JobProgress",
    "JobStatus",
    "Overlap",
    "PageSample",
    "Publication",
    "Queue",
    "RejectedItem",
    "Requested",
    "Role",
    "SavedFilter",
    "Scope",
    "ScrapedItem",
    "ScrapingJob",
    "ScrapingTarget",
    "ScrapydJob",
    "Site",
    "Table",
    "Tally",
    "TargetDraft",
    "Tick",
    "Trigger",
    "User",
    "Verdict",
    "Worker",
]
