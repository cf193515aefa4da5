"""Writes down who pressed what."""

from typing import Any

from flask_login import current_user

from orchestrator import database
from orchestrator.ledger import people


def note(action: str, subject: object, **details: Any) -> None:
    with database.transaction() as session:
        people.record(session, current_user.name, action, str(subject), **details)
