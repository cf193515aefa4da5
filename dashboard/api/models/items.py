"""Items as the API tells them, and as they are asked for."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from dashboard.api.models.shown import ListOf, ListQuery, Query, Shown
from dashboard.api.moments import Moment
from dashboard.api.texts import Key, Text
from orchestrator.ledger.item_views import Operator, Presence, Sighting
from orchestrator.ledger.models import ChangeKind

_MOST_FILTERS = 8


class Item(Shown):
    """A scraped record as it is now."""

    id: int
    target: str
    """The name of its target."""
    key: str
    """What tells it from others of its target."""
    first_seen_at: datetime
    last_seen_at: datetime
    changed_at: datetime
    gone_at: datetime | None
    """Since when it is known to be gone; null: it is there, as far as anybody has looked."""
    data: dict[str, Any]
    """What the spider made of it."""


class ItemList(ListOf[Item]):
    """A part of a list of items."""


class ItemFilter(Query):
    """Which items of a target; those that every condition fits."""

    q: Text = ""
    """Words to look for in all fields."""
    field: list[Text] = Field([], max_length=_MOST_FILTERS)
    """A field that `is`, at the same place, compares with `value`; each several times."""
    operator: list[Operator] = Field([], alias="is", max_length=_MOST_FILTERS)
    value: list[Text] = Field([], max_length=_MOST_FILTERS)
    job: UUID | None = None
    """A job that had to do with them, as `saw` says."""
    saw: Sighting = Sighting.LAST
    there: Presence | None = None
    """Those that are there, or those that are gone; none: both."""
    changed_since: Moment | None = None
    """Found or changed then or later."""
    first_seen_since: Moment | None = None
    """Found then or later."""
    seen_since: Moment | None = None
    """Seen then or later."""
    seen_until: Moment | None = None
    """First seen before. With `seen_since`: all that was there in between."""


class ItemQuery(ListQuery, ItemFilter):
    """Which items, and in which order."""

    sort: Literal["changed_at", "first_seen_at", "last_seen_at"] = "changed_at"
    order: Literal["up", "down"] = "down"


class KeyQuery(Query):
    """Which item."""

    key: Key


class FieldChanged(Shown):
    """What a field was, and what it became; long values are cut."""

    name: str
    before: str | None
    """Null: it was not there."""
    after: str | None
    """Null: it is not there any more."""


class Revision(Shown):
    """Something that happened to an item."""

    kind: ChangeKind
    at: datetime
    job_id: UUID | None
    """The job that found it; null: it is gone by now."""
    fields: list[FieldChanged]
    """The first of those that changed; of a change alone."""
    more_fields: int
    """So many changed beside these."""


class RevisionList(ListOf[Revision]):
    """A part of what happened to an item."""
