"""Jobs as the API tells and takes them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from dashboard.api.models.shown import Body, ListOf, ListQuery, Shown
from dashboard.api.models.targets import TargetName
from dashboard.api.moments import Moment
from dashboard.api.texts import Text
from orchestrator.ledger.models import JobStatus, Publication, Requested, Trigger, Verdict


class Job(Shown):
    """One requested execution of a target."""

    id: UUID
    target: TargetName
    status: JobStatus
    trigger: Trigger
    """Who asked for it."""
    priority: int
    """0 is served first, 9 last."""
    due_at: datetime | None
    """The occasion of a schedule that asked for it."""
    queued_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    attempt: int
    """How often a crawl of it was begun."""
    failures: int
    """Attempts that ended badly without a page to show for it, in a row."""
    retry_of: UUID | None
    """The ended job that this one repeats."""
    requested: Requested | None
    """What was asked of its crawl, which is told at its next checkpoint."""
    finish_reason: str | None
    """How it ended, in one word."""
    error_message: str | None
    """Why, and what to do; it may be followed by a traceback."""
    verdict: Verdict | None
    """Whether what it found can be believed; null: not judged."""
    publication: Publication | None
    """What became of changes that were held back; null: none were."""
    items_scraped: int
    """Distinct items it saw; exact, as all counts of items."""
    items_new: int
    items_changed: int
    items_gone: int
    items_back: int
    items_rejected: int
    pages: int
    """Responses that reached a callback."""
    pages_given_up: int
    errors: int
    bytes_received: int


class JobList(ListOf[Job]):
    """A part of a list of jobs."""


class JobDetail(Job):
    """A job, and what speaks against what it found."""

    findings: list[str]
    """Sentences with numbers, of a job that was judged."""


class JobQuery(ListQuery):
    """Which jobs."""

    target: Text = ""
    """Name or id of a target."""
    status: list[JobStatus] = Field([], max_length=len(JobStatus))
    """Any of these."""
    trigger: Trigger | None = None
    verdict: Verdict | None = None
    since: Moment | None = None
    """Requested then or later."""
    until: Moment | None = None
    """Requested before."""


class JobOfTargetQuery(ListQuery):
    """Which jobs of a target."""

    status: list[JobStatus] = Field([], max_length=len(JobStatus))
    """Any of these."""
    since: Moment | None = None
    until: Moment | None = None


class JobRequest(Body):
    """How a job should be run."""

    urgently: bool = False
    """Before all jobs that wait, and whatever the target's window says."""


class JobStarted(Shown):
    """What became of a request for a job."""

    started: bool
    """This request, or an earlier one with its key, made the job; else it found one."""
    job: Job


class LogQuery(ListQuery):
    """Which lines of a log."""

    limit: int = Field(200, ge=1, le=500)
    level: int = Field(0, ge=0, le=50)
    """Lines of this level and above: 20 says, 30 warns, 40 is an error."""
    text: Text = ""
    """What the message holds, in capitals or not."""


class LogLine(Shown):
    """A line of a job's log."""

    attempt: int
    seq: int
    """Its number within the attempt."""
    level: int
    logged_at: datetime
    logger: str
    message: str


class LogLineList(ListOf[LogLine]):
    """A part of a list of log lines."""


class Statistics(Shown):
    """Scrapy's statistics of a job's last attempt."""

    stats: dict[str, Any]
