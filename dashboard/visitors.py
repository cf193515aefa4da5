"""Visitors: the signed-in person behind a request.

The session holds an id and the account's epoch and nothing else, so a changed password or role
counts from the next request on.
"""

import re
from dataclasses import dataclass

from flask_login import UserMixin

from orchestrator import database
from orchestrator.ledger import people
from orchestrator.ledger.models import Role, User

#: The account and its epoch; a longer number than these is none that the database holds.
_SESSION_ID = re.compile(r"([0-9]{1,18})\.([0-9]{1,9})")
_RANKS = {Role.VIEWER: 0, Role.OPERATOR: 1, Role.ADMIN: 2}


@dataclass(frozen=True, slots=True, eq=False)
class Visitor(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """Who is signed in, and what they may do."""

    user_id: int
    name: str
    role: Role
    epoch: int

    def get_id(self) -> str:
        return f"{self.user_id}.{self.epoch}"

    def may(self, role: Role) -> bool:
        """Whether their role is that one or a higher one."""
        return _RANKS[self.role] >= _RANKS[role]


def of(user: User) -> Visitor:
    return Visitor(user.id, user.name, user.role, user.session_epoch)


def load(session_id: str) -> Visitor | None:
    """The visitor a session names; None when the account is gone or has changed its password."""
    if not (named := _SESSION_ID.fullmatch(session_id)):
        return None
    with database.transaction() as session:
        row = people.identity(session, int(named[1]))
    visitor = Visitor(*row) if row else None
    return visitor if visitor and visitor.epoch == int(named[2]) else None
