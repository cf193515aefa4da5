"""Visitors: the person behind a request, signed in or spoken for by a token.

The session holds an id and the account's epoch and nothing else, so a changed password or role
counts from the next request on. So does what becomes of a token or its person.
"""

import re
from dataclasses import dataclass

from flask_login import UserMixin

from orchestrator import database
from orchestrator.ledger import people, tokens
from orchestrator.ledger.models import Role, User
from orchestrator.ledger.tokens import Holder

#: The account and its epoch; a longer number than these is none that the database holds.
_SESSION_ID = re.compile(r"([0-9]{1,18})\.([0-9]{1,9})")
_BEARER = re.compile(r"bearer +(\S{1,200})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class Visitor(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """Who is signed in, and what they may do."""

    user_id: int
    user_name: str
    role: Role
    epoch: int
    #: Of the token that speaks for them; None: they are signed in.
    token_id: int | None = None
    token_name: str = ""

    @property
    def name(self) -> str:
        """As what they do is written down: with the token that spoke for them."""
        return f"{self.user_name} ({self.token_name})" if self.token_name else self.user_name

    def get_id(self) -> str:
        return f"{self.user_id}.{self.epoch}"

    def may(self, role: Role) -> bool:
        """Whether their role is that one or a higher one."""
        return self.role.covers(role)


def of(user: User) -> Visitor:
    return Visitor(user.id, user.name, user.role, user.session_epoch)


def spoken_for(holder: Holder) -> Visitor:
    person = holder.user_id, holder.user_name, holder.role
    return Visitor(*person, epoch=0, token_id=holder.token_id, token_name=holder.token_name)


def shown(authorization: str) -> Visitor | None:
    """The visitor whose token a header shows; None when it shows none that counts."""
    if not (token := _BEARER.fullmatch(authorization.strip())):
        return None
    with database.transaction() as session:
        holder = tokens.holder(session, token[1])
    return spoken_for(holder) if holder else None


def load(session_id: str) -> Visitor | None:
    """The visitor a session names; None when the account is gone or has changed its password."""
    if not (named := _SESSION_ID.fullmatch(session_id)):
        return None
    with database.reading() as session:
        row = people.identity(session, int(named[1]))
    visitor = Visitor(*row) if row else None
    return visitor if visitor and visitor.epoch == int(named[2]) else None
