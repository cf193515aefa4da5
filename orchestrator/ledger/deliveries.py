"""Deliveries: the alerts of a channel that are told together, and how far the message came.

A message is on its way under a lease, tried again with a growing delay, and done when a try has
said so. Who sends and dies before it wrote that down has sent for nothing: it is sent again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from orchestrator.exceptions import ChannelNotFound, Sentence
from orchestrator.ledger.models import Alert, AlertChannel, AlertDelivery

_LONGEST_WAIT_SECONDS = 3_600
_GATHER_LOCK = 0x6B756D6F5F61


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that is ours to send until its lease ends, and where to."""

    id: int
    tries: int
    is_test: bool
    made_at: datetime
    channel: AlertChannel
    alerts: Sequence[Alert]


@dataclass(frozen=True, slots=True)
class Terms:
    """How patient to be with a receiver."""

    retry_seconds: float
    most_tries: int


def gather(session: Session) -> int:
    """Makes a message for each channel that has something due; how many.

    It tells all that the channel is to be told by now, so what happened together is one message.
    """
    if not session.scalar(select(func.pg_try_advisory_xact_lock(_GATHER_LOCK))):
        return 0
    # A statement of its own, after the lock, sees what the one before has committed.
    waits = exists().where(
        Alert.channel_id == AlertChannel.id,
        Alert.delivery_id.is_(None),
        Alert.due_at <= func.now(),
    )
    telling = exists().where(
        AlertDelivery.channel_id == AlertChannel.id, ~AlertDelivery.is_test, *_open()
    )
    ids = session.scalars(select(AlertChannel.id).where(AlertChannel.active, waits, ~telling)).all()
    for channel_id in ids:
        made = insert(AlertDelivery).values(channel_id=channel_id).returning(AlertDelivery.id)
        delivery_id = session.scalar(made)
        session.execute(
            update(Alert)
            .where(Alert.channel_id == channel_id, Alert.delivery_id.is_(None))
            .values(delivery_id=delivery_id)
        )
    return len(ids)


def take(session: Session, *, lease_seconds: float) -> Taken | None:
    """The message that has waited longest, for one try; None when there is none."""
    chosen = (
        select(AlertDelivery.id)
        .join(AlertChannel, AlertChannel.id == AlertDelivery.channel_id)
        .where(AlertChannel.active, *_open(), AlertDelivery.next_try_at <= func.now())
        .where(or_(AlertDelivery.lease_until.is_(None), AlertDelivery.lease_until <= func.now()))
        .order_by(AlertDelivery.next_try_at)
        .limit(1)
        .with_for_update(of=AlertDelivery, skip_locked=True)
    )
    row = session.execute(
        update(AlertDelivery)
        .where(AlertDelivery.id == chosen.scalar_subquery())
        .values(
            tries=AlertDelivery.tries + 1,
            lease_until=func.now() + timedelta(seconds=lease_seconds),
        )
        .returning(
            AlertDelivery.id,
            AlertDelivery.tries,
            AlertDelivery.is_test,
            AlertDelivery.made_at,
            AlertDelivery.channel_id,
        )
    ).one_or_none()
    if row is None:
        return None
    told = select(Alert).where(Alert.delivery_id == row.id).order_by(Alert.happened_at, Alert.id)
    return Taken(
        row.id,
        row.tries,
        row.is_test,
        row.made_at,
        session.get_one(AlertChannel, row.channel_id),
        session.scalars(told).all(),
    )


def succeed(session: Session, delivery_id: int, *, subject: str) -> None:
    """Whichever try it was: what was received is not sent again."""
    session.execute(
        update(AlertDelivery)
        .where(AlertDelivery.id == delivery_id, AlertDelivery.delivered_at.is_(None))
        .values(
            delivered_at=func.now(),
            gave_up_at=None,
            lease_until=None,
            subject=subject,
            error=None,
        )
    )


def fail(session: Session, taken: Taken, *, subject: str, error: str, terms: Terms) -> None:
    """To be tried again later, or never when it was tried often enough. A later try says more."""
    wait = min(terms.retry_seconds * 2 ** (taken.tries - 1), _LONGEST_WAIT_SECONDS)
    # Nobody waits for a test that comes tomorrow.
    over = taken.tries >= (min(terms.most_tries, 3) if taken.is_test else terms.most_tries)
    session.execute(
        update(AlertDelivery)
        .where(AlertDelivery.id == taken.id, AlertDelivery.tries == taken.tries, *_open())
        .values(
            next_try_at=func.now() + timedelta(seconds=wait),
            gave_up_at=func.now() if over else None,
            lease_until=None,
            subject=subject,
            error=error,
        )
    )


def ask_for_test(session: Session, channel_id: int) -> None:
    """A message that says that messages come. Raises ChannelNotFound."""
    if session.get(AlertChannel, channel_id) is None:
        raise ChannelNotFound(Sentence("There is no channel %(id)s.", id=channel_id))
    session.execute(insert(AlertDelivery).values(channel_id=channel_id, is_test=True))


def log(session: Session, *, older_than: int | None = None, size: int = 50) -> Sequence[Any]:
    """Deliveries newest first, each with its channel's name and how many alerts it tells."""
    count = select(func.count()).where(Alert.delivery_id == AlertDelivery.id).scalar_subquery()
    query = select(AlertDelivery, AlertChannel.name, count.label("alerts")).join(
        AlertChannel, AlertChannel.id == AlertDelivery.channel_id
    )
    if older_than is not None:
        query = query.where(AlertDelivery.id < older_than)
    return session.execute(query.order_by(AlertDelivery.id.desc()).limit(size)).all()


def _open() -> tuple[Any, Any]:
    return AlertDelivery.delivered_at.is_(None), AlertDelivery.gave_up_at.is_(None)
