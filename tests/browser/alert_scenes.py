"""A channel with rules, and messages in each of the ways they can go."""

from datetime import timedelta

from sqlalchemy import func
from sqlalchemy.orm import Session

from orchestrator.ledger import channels
from orchestrator.ledger.channels import Scope
from orchestrator.ledger.models import Alert, AlertChannel, AlertDelivery, AlertKind


def channel(session: Session) -> int:
    """Fills the page of alerts; the id of a channel."""
    made = AlertChannel()
    fields = {"name": "On call <b>", "url": "json://hooks.example/kumo", "language": "ja"}
    channels.save(session, made, fields | {"timezone": "Asia/Tokyo"}, is_webhook=True)
    channels.add_rule(session, made.id, Scope(), [AlertKind.FAILED, AlertKind.RECOVERED])
    channels.add_rule(session, made.id, Scope(tag="shops"), [AlertKind.WEEKLY])
    idle = AlertChannel(name="Nobody", url="json://b.example", active=False)
    session.add(idle)
    session.flush()
    _deliveries(session, made.id)
    return made.id


def _deliveries(session: Session, channel_id: int) -> None:
    refused = "The receiver answered 503."
    soon = func.now() + timedelta(minutes=2)
    for fields in (
        {"subject": "Kumo: 3 targets fail", "delivered_at": func.now(), "tries": 1},
        {"subject": "Kumo: books is late", "gave_up_at": func.now(), "tries": 30, "error": refused},
        {"is_test": True, "delivered_at": func.now(), "tries": 1},
        {"subject": "Kumo: books fails", "tries": 2, "error": refused, "next_try_at": soon},
    ):
        session.add(AlertDelivery(channel_id=channel_id, **fields))
        session.flush()
    alert = Alert(channel_id=channel_id, key="failed:1", kind=AlertKind.FAILED, details={})
    alert.due_at = func.now()
    session.add(alert)
