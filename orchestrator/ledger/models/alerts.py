"""Alerts: whom to tell, of what, what is to be told, and what became of each message.

An alert is written in the transaction of the fact it tells of and stays until it is delivered, so
what is told and what happened cannot differ. It names jobs and targets as text, to outlive them.
"""

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.ledger.models.schema import At, AtNow, Id, Json, Table, words


class AlertKind(StrEnum):
    """What people may be told of."""

    FAILED = "failed"  #: A job failed, where the one before it had not.
    SUSPICIOUS = (
        "suspicious"  #: A job completed that is judged suspicious or bad; the last was good.
    )
    RECOVERED = "recovered"  #: A job completed, where the one before it had failed.
    LATE = "late"  #: An occasion passed without a job, or a job waits for long.
    PAGES_GIVEN_UP = "pages_given_up"  #: A job went on without pages, where the one before had all.
    CHANGES = "changes"  #: A job changed what a saved filter asks for.
    DAILY = "daily"  #: What there was since yesterday.
    WEEKLY = "weekly"  #: What there was since last week.


class AlertChannel(Table):
    """Somebody who can be told, and the way there."""

    __tablename__ = "alert_channels"
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(Text)
    #: As Apprise reads it; it holds passwords and is shown nowhere.
    url: Mapped[str] = mapped_column(Text)
    #: What bodies for a webhook are signed with; null = it is no webhook.
    secret: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text, server_default="en")
    #: Of the times in messages, and of eight o'clock, when digests come.
    timezone: Mapped[str] = mapped_column(Text, server_default="UTC")
    #: Nothing is noted for, or sent to, one that is not.
    active: Mapped[bool] = mapped_column(Boolean, server_default="true")
    created_at: Mapped[AtNow]


class AlertRule(Table):
    """What a channel is told of: of one target, of those with a tag, or of all."""

    __tablename__ = "alert_rules"
    __table_args__ = (
        CheckConstraint("num_nonnulls(target_id, tag) <= 1", name="scope"),
        CheckConstraint("('changes' = ANY (kinds)) = (filter_id IS NOT NULL)", name="filter"),
        Index("ix_alert_rules_channel_id", "channel_id"),
        Index(
            "ix_alert_rules_target_id", "target_id", postgresql_where=text("target_id IS NOT NULL")
        ),
        Index(
            "ix_alert_rules_filter_id", "filter_id", postgresql_where=text("filter_id IS NOT NULL")
        ),
    )

    id: Mapped[Id]
    channel_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("alert_channels.id", ondelete="CASCADE")
    )
    target_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("scraping_targets.id", ondelete="CASCADE")
    )
    tag: Mapped[str | None] = mapped_column(Text)
    #: Words of AlertKind.
    kinds: Mapped[list[str]] = mapped_column(ARRAY(Text))
    #: Which changes it is told of, where it is told of changes; one that everybody sees.
    filter_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("saved_filters.id"))
    created_at: Mapped[AtNow]


class AlertDelivery(Table):
    """A message: the alerts of a channel that are told together, and how far it came."""

    __tablename__ = "alert_deliveries"
    __table_args__ = (
        # What comes while a message is on its way is told together in the next one.
        Index(
            "uq_alert_deliveries_open",
            "channel_id",
            unique=True,
            postgresql_where=text("NOT is_test AND delivered_at IS NULL AND gave_up_at IS NULL"),
        ),
        Index("ix_alert_deliveries_channel_id", "channel_id"),
        Index("ix_alert_deliveries_made_at", "made_at"),
    )

    id: Mapped[Id]
    channel_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("alert_channels.id", ondelete="CASCADE")
    )
    #: Somebody pressed "Send a test"; there are no alerts in it.
    is_test: Mapped[bool] = mapped_column(Boolean, server_default="false")
    made_at: Mapped[AtNow]
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    next_try_at: Mapped[AtNow]
    #: Until when whoever tries has it for himself.
    lease_until: Mapped[At | None]
    delivered_at: Mapped[At | None]
    gave_up_at: Mapped[At | None]
    #: As it was said at the last try.
    subject: Mapped[str] = mapped_column(Text, server_default="")
    #: Why the last try failed.
    error: Mapped[str | None] = mapped_column(Text)


class Alert(Table):
    """A fact that a channel is to be told, once."""

    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint("channel_id", "key"),
        Index("ix_alerts_channel_id_happened_at", "channel_id", "happened_at"),
        Index("ix_alerts_delivery_id", "delivery_id"),
        Index("ix_alerts_due_at", "due_at", postgresql_where=text("delivery_id IS NULL")),
    )

    id: Mapped[Id]
    channel_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("alert_channels.id", ondelete="CASCADE")
    )
    #: Of the fact; noted twice it is told once.
    key: Mapped[str] = mapped_column(Text)
    kind: Mapped[AlertKind] = mapped_column(words(AlertKind))
    #: Names and numbers, for the sentence that tells it.
    details: Mapped[Json]
    happened_at: Mapped[AtNow]
    #: Until then it waits for others to be told with.
    due_at: Mapped[At]
    delivery_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("alert_deliveries.id", ondelete="CASCADE")
    )
