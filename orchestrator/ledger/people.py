"""People: who may sign in and what they may do.

One admin always stays: whoever removes or demotes one locks all admins first, in the statement
that does it, so two who demote each other at the same moment cannot both succeed.
"""

import secrets
from collections.abc import Sequence
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Row, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from orchestrator.exceptions import (
    LastAdmin,
    Sentence,
    SignInRefused,
    UserInvalid,
    UserNotFound,
)
from orchestrator.ledger import columns
from orchestrator.ledger.models import Role, User

#: Built once: every request asks it.
_IDENTITY = select(User.id, User.name, User.role, User.session_epoch).where(
    User.id == bindparam("user_id")
)
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
        raise UserInvalid(Sentence("There is a user %(name)s already.", name=name), "name")
    return user


def sign_in(session: Session, name: str, password: str) -> User:
    """The user of that name and password. Raises SignInRefused, equally for either being wrong."""
    user = _named(session, name)
    _check_password(user, password)
    if user is None:
        raise _refused()
    user.signed_in_at = func.now()
    return user


def change_password(session: Session, user_id: int, password: str) -> User:
    """Sets a new password and signs out every session. Raises UserNotFound, UserInvalid."""
    user = one(session, user_id)
    user.password_hash = _digest(password)
    user.session_epoch += 1
    return user


def change_own_password(session: Session, user_id: int, current: str, password: str) -> User:
    """Likewise for somebody who knows the current one. Raises SignInRefused, UserInvalid."""
    _check_password(one(session, user_id), current)
    return change_password(session, user_id, password)


def change_role(session: Session, user_id: int, role: Role) -> User:
    """What they may do from their next request on. Raises UserNotFound, LastAdmin."""
    change = update(User).where(User.id == user_id).values(role=role).returning(User)
    if role is not Role.ADMIN:
        change = change.where(_is_not_last_admin(user_id))
    return session.scalar(change) or _refuse(session, user_id)


def remove(session: Session, user_id: int) -> User:
    """Ends an account with its sessions and tokens. Raises UserNotFound, LastAdmin."""
    done = session.scalar(
        delete(User).where(User.id == user_id, _is_not_last_admin(user_id)).returning(User)
    )
    return done or _refuse(session, user_id)


def find(session: Session, name: str) -> User:
    """The user of that name, whatever the case. Raises UserNotFound."""
    user = _named(session, name)
    if user is None:
        raise UserNotFound(
            Sentence(
                "There is no user %(name)s; `kumo user list` shows all.", name=repr(name[:100])
            )
        )
    return user


def one(session: Session, user_id: int) -> User:
    """The user of that id. Raises UserNotFound."""
    user = get(session, user_id)
    if user is None:
        raise UserNotFound(
            Sentence("There is no such user any more; the list of people shows who is.")
        )
    return user


def get(session: Session, user_id: int) -> User | None:
    # A bigint ends there.
    return session.get(User, user_id) if user_id < 2**63 else None


def identity(session: Session, user_id: int) -> Row[int, str, Role, int] | None:
    """Id, name, role and epoch alone."""
    return columns.read(session, _IDENTITY, {"user_id": user_id}).one_or_none()


def everyone(session: Session) -> Sequence[User]:
    return session.scalars(select(User).order_by(User.name)).all()


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(User)) or 0


def new_password() -> str:
    """A password nobody will guess, for the first account."""
    return secrets.token_urlsafe(12)


def _is_not_last_admin(user_id: int) -> Any:
    admins = (
        select(User.id).where(User.role == Role.ADMIN).order_by(User.id).with_for_update().cte()
    )
    another = exists().select_from(admins).where(admins.c.id != user_id)
    return or_(User.role != Role.ADMIN, another)


def _refuse(session: Session, user_id: int) -> User:
    user = one(session, user_id)
    raise LastAdmin(
        Sentence(
            "%(name)s is the last admin, and somebody has to let the others in: "
            "make another person an admin first.",
            name=user.name,
        )
    )


def _named(session: Session, name: str) -> User | None:
    # No name has what Postgres could not even be asked for; and its idea of case is the index's.
    if not name.isprintable():
        return None
    return session.scalar(select(User).where(func.lower(User.name) == func.lower(name)))


def _check_name(name: str) -> None:
    if not name or len(name) > _LONGEST_NAME or not name.isprintable() or name != name.strip():
        raise UserInvalid(
            Sentence("A user's name is one line of 1 to %(most)d characters.", most=_LONGEST_NAME),
            "name",
        )


def _check_password(user: User | None, password: str) -> None:
    known = user.password_hash if user else _NOBODY
    try:
        _hasher.verify(known, _encoded(password[:_LONGEST_PASSWORD]))
    except (VerifyMismatchError, InvalidHashError) as error:
        raise _refused() from error


def _refused() -> SignInRefused:
    return SignInRefused(Sentence("Name and password do not belong together."))


def _digest(password: str) -> str:
    if not _SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
        raise UserInvalid(
            Sentence(
                "A password has %(least)d to %(most)s characters.",
                least=_SHORTEST_PASSWORD,
                most=f"{_LONGEST_PASSWORD:,}",
            ),
            "password",
        )
    return _hasher.hash(_encoded(password))


def _encoded(password: str) -> bytes:
    # Whatever a form or a program sends is hashed, never an error.
    return password.encode(errors="surrogatepass")
