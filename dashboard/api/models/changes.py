"""Changes as the API tells them, and as they are asked for."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from pydantic import Field

from dashboard.api.models.items import FieldChanged
from dashboard.api.models.shown import ListOf, ListQuery, Shown
from dashboard.api.models.targets import TargetName
from dashboard.api.texts import Text
from orchestrator.ledger.filters import Move
from orchestrator.ledger.models import ChangeKind


class Change(Shown):
    """Something that a job found happened to an item."""

    kind: ChangeKind
    at: datetime
    """When the changes of its job became current; the list is in this order, the newest first."""
    job_id: UUID
    target: TargetName
    item_id: int
    key: str
    title: str
    """What the item is called, as far as it has a name."""
    fields: list[FieldChanged]
    """The first of those that changed; of a change alone."""
    more_fields: int
    """So many changed beside these."""


class ChangeList(ListOf[Change]):
    """A part of a list of changes."""


class ChangeOfJobQuery(ListQuery):
    """Which changes of a job."""

    kind: list[ChangeKind] = Field([], max_length=len(ChangeKind))
    """Any of these."""
    field: Text = ""
    """A field that changed, and …"""
    before: Text = Field("", alias="from")
    """… was this, …"""
    after: Text = Field("", alias="to")
    """… is this now, …"""
    move: Move | None = None
    """… or moved, as a number, …"""
    by: Decimal = Field(Decimal(0), ge=0, le=1_000_000)
    """… by more than so many per cent."""
    text: Text = ""
    """What the item holds, or held before, in capitals or not."""


class ChangeQuery(ChangeOfJobQuery):
    """Which changes."""

    target: Text = ""
    """Name or id of a target."""
    tag: Text = ""
    """Of targets with this tag."""
    job: UUID | None = None
