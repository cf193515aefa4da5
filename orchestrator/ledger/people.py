"""People: who may sign in, what they may do, what they did."""

import secrets
from collections.abc import Sequence
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from orchestrator.exceptions import SignInRefused, UserInvalid, UserNotFound
from orchestrator.ledger.models import AuditEntry, Role, User

_SHORTEST_PASSWORD, _LONGEST_PASSWORD = 10, 1_000
_LONGEST_NAME = 100

_hasher = PasswordHasher()
#: Checked when the name is unknown, so that both answers take equally long.
_NOBODY = _hasher.hash(secrets.token_hex())


def add(session: Session, name: str, password: str, *, role: Role) -> User:
    """Makes an account. Raises UserInvalid."""
    _check_name(name)
    user: User | None = session.scalar(
        insert(User)
        .values(name=name, password_hash=_digest(password), role=role)
        .on_conflict_do_nothing()
        .returning(User)
    )
    if user is None:
        raise UserInvalid(f"There is a user {name} already.")
    return user


def sign_in(session: Session, name: str, password: str) -> User:
    """The user of that name and password. Raises SignInRefused, equally for either being wrong."""
    user = _named(session, name)
    try:
        known = user.password_hash if user else _NOBODY
        _hasher.verify(known, _encoded(password[:_LONGEST_PASSWORD]))
    except (VerifyMismatchError, InvalidHashError) as error:
        raise SignInRefused("Name and password do not belong together.") from error
    if user is None:
        raise SignInRefused("Name and password do not belong together.")
    user.signed_in_at = func.now()
    return user


def change_password(session: Session, name: str, password: str) -> None:
    """Sets a new password and signs out every session. Raises UserNotFound, UserInvalid."""
    user = find(session, name)
    user.password_hash = _digest(password)
    user.session_epoch += 1


def find(session: Session, name: str) -> User:
    """The user of that name, whatever the case. Raises UserNotFound."""
    user = _named(session, name)
    if user is None:
        raise UserNotFound(f"There is no user {name[:100]!r}; `kumo user list` shows all.")
    return user


def get(session: Session, user_id: int) -> User | None:
    return session.get(User, user_id)


def everyone(session: Session) -> Sequence[User]:
    return session.scalars(select(User).order_by(User.name)).all()


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(User)) or 0


def record(session: Session, who: str, action: str, subject: str, **details: Any) -> None:
    """Writes down who did what, in the transaction that does it."""
    session.add(AuditEntry(who=who, action=action, subject=subject, details=details))


def new_password() -> str:
    """A password nobody will guess, for the first account."""
    return secrets.token_urlsafe(12)


def _named(session: Session, name: str) -> User | None:
    # No name has what Postgres could not even be asked for; and its idea of case is the index's.
    if not name.isprintable():
        return None
    return session.scalar(select(User).where(func.lower(User.name) == func.lower(name)))


def _check_name(name: str) -> None:
    if not name or len(name) > _LONGEST_NAME or not name.isprintable() or name != name.strip():
        raise UserInvalid(f"A user's name is one line of 1 to {_LONGEST_NAME} characters.")


def _digest(password: str) -> str:
    if not _SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
        raise UserInvalid(
            f"A password has {_SHORTEST_PASSWORD} to {_LONGEST_PASSWORD:,} characters."
        )
    return _hasher.hash(_encoded(password))


def _encoded(password: str) -> bytes:
    # Whatever a form or a program sends is hashed, never an error.
    return password.encode(errors="surrogatepass")
