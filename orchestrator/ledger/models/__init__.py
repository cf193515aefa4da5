"""The tables, a file per noun."""

from orchestrator.ledger.models.crawls import Crawl
from orchestrator.ledger.models.items import ItemRevision, RejectedItem, ScrapedItem
from orchestrator.ledger.models.jobs import ACTIVE, JobStatus, Requested, ScrapingJob, Trigger
from orchestrator.ledger.models.log_lines import JobLogLine
from orchestrator.ledger.models.pages import ChargedPage
from orchestrator.ledger.models.people import ApiToken, AuditEntry, Role, User
from orchestrator.ledger.models.schema import Table
from orchestrator.ledger.models.targets import ScrapingTarget
from orchestrator.ledger.models.ticks import Tick

__all__ = [
    "ACTIVE",
    "ApiToken",
    "AuditEntry",
    "ChargedPage",
    "Crawl",
    "ItemRevision",
    "JobLogLine",
    "JobStatus",
    "RejectedItem",
    "Requested",
    "Role",
    "ScrapedItem",
    "ScrapingJob",
    "ScrapingTarget",
    "Table",
    "Tick",
    "Trigger",
    "User",
]
