"""The installation as the API tells it: workers, health, and whom a token speaks for."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from dashboard.api.models.shown import ListOf, Shown
from orchestrator.ledger.models import Role, Scope


class Crawling(Shown):
    """A slot of a worker that is taken."""

    job_id: UUID
    target_name: str
    since: datetime


class Worker(Shown):
    """A Celery worker as it last told of itself."""

    name: str
    alive: bool
    """It was heard of lately, and not told to stop."""
    pid: int
    queues: list[str]
    slots: int
    """How many tasks, and so crawls, it serves at once."""
    taken: list[Crawling]
    spiders: list[str]
    """Those it knows; empty of one that crawls nothing."""
    versions: dict[str, str]
    memory_bytes: int
    """Of the worker and all its processes."""
    started_at: datetime
    seen_at: datetime
    stopped_at: datetime | None


class WorkerList(ListOf[Worker]):
    """A part of a list of workers."""


class Health(Shown):
    """Whether everything that keeps Kumo going is alive."""

    status: Literal["good", "degraded"]
    """Degraded: there is nobody to crawl, or to serve a queue in which jobs wait; beat or the sweep
    is quiet; or a worker died.
    """
    workers: int
    """Those that live, …"""
    crawlers: int
    """… those of them that crawl, …"""
    slots: int
    """… how many crawls they serve at once, …"""
    taken: int
    """… and how many they do now."""
    quiet: list[str]
    """Workers that went quiet today without having been told to stop."""
    beat: bool
    sweep: bool
    jobs_waiting: int
    """Jobs that may begin and have no worker yet."""
    unserved: dict[str, int]
    """Of these the ones in queues that no living worker serves, by queue."""


class Me(Shown):
    """Whom this request speaks for."""

    user: str
    token: str | None
    """The name of the token; null: somebody who is signed in."""
    role: Role
    scope: Scope
    """What that amounts to for a token."""
