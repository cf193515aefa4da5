"""Targets as the API tells and takes them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import GetJsonSchemaHandler, RootModel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from dashboard.api.models.shown import ListOf, ListQuery, Shown
from dashboard.api.texts import Text
from orchestrator.ledger.definitions import TargetDefinition
from orchestrator.ledger.models import JobStatus, Overlap
from orchestrator.ledger.overviews import Sort


class TargetName(Shown):
    """Which target."""

    id: int
    name: str
    """Unique among the living; a deleted target's may be another's by now."""


class LastJob(Shown):
    """The active job of a target, else its last one that was more than skipped."""

    id: UUID
    status: JobStatus
    queued_at: datetime
    completed_at: datetime | None
    items_scraped: int


class TargetRow(TargetName):
    """A target as lists tell it."""

    spider: str
    """The name of the Scrapy class that crawls it."""
    tags: list[str]
    active: bool
    """Whether schedules start it."""
    priority: int
    """0 is served first, 9 last."""
    schedule: str | None
    """A cron line; null: the installation's nightly one."""
    timezone: str | None
    """Of the cron line and the window; null: the installation's."""
    crawl_window: str | None
    """The times of day in which it is crawled, as `22:00-06:00`; null: all day."""
    overlap: Overlap
    """What becomes of an occasion that finds it busy."""
    spread_seconds: int | None
    """Over how long its scheduled starts are spread; null: the installation's default."""
    max_attempts: int
    """A job is given up after so many failures without progress."""
    key_fields: list[str]
    """The fields that tell one item from another; empty: the spider's own."""
    render: bool
    """Its pages are opened in a browser and read once their scripts have run."""
    crawlers: int
    """So many crawler processes, of any workers, share each of its jobs."""
    worker_tag: str | None
    """Only workers started for this tag crawl it; null: those that are for no tag."""
    publish_anyway: bool
    """Changes of its jobs are not held back, whatever the jobs are judged."""
    created_at: datetime
    updated_at: datetime


class TargetListed(TargetRow):
    """A target in a list, with its last job."""

    last_job: LastJob | None


class TargetList(ListOf[TargetListed]):
    """A part of a list of targets."""


class Target(TargetRow):
    """A target."""

    start_urls: list[str]
    """Where the crawl begins; empty: where the spider says."""
    arguments: dict[str, Any]
    """Passed to the spider. What is a secret by its name is not told; sent back as it is told, it
    stays.
    """
    settings: dict[str, Any]
    """Scrapy settings, from an allowlist."""
    expectations: dict[str, Any]
    """What its jobs must fulfil: `min_items`, `required_fields`, `item_schema`."""
    next_run_at: datetime | None
    """The next occasion of its schedule; null or past: none, or it waits."""


class TargetQuery(ListQuery):
    """Which targets."""

    text: Text = ""
    """Part of a name, a spider or a start URL."""
    tag: Text = ""
    active: bool | None = None
    outcome: JobStatus | None = None
    """Where the last job stands."""
    sort: Sort = Sort.NAME


class TargetIn(RootModel[dict[str, Any]]):
    """A definition, judged by the ledger as it judges forms and files."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = TargetDefinition.model_json_schema(ref_template="#/components/schemas/{model}")
        # Enumerations are known under their names already.
        schema.pop("$defs", None)
        return schema | {"title": cls.__name__, "description": cls.__doc__}


class NewTarget(TargetIn):
    """A target to add: a name, a spider, and what should not be as it is by default."""


class TargetChange(TargetIn):
    """Fields of a target to change; the others stay as they are."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = super().__get_pydantic_json_schema__(core_schema, handler)
        schema.pop("required")
        for field in schema["properties"].values():
            field.pop("default", None)
        return schema
