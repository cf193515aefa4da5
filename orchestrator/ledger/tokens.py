"""API tokens: a program's way in, with a scope and an end.

A token is 32 random bytes and stored as its SHA-256. Argon2 is slow so that guesses at what a
person thought up take long; nobody guesses 256 random bits, while a program shows its token with
every request.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, delete, func, or_, select, update
from sqlalchemy.orm import Session

from orchestrator.exceptions import Sentence, TokenInvalid, TokenNotFound
from orchestrator.ledger import people
from orchestrator.ledger.models import ApiToken, Role, Scope, User

#: The role a scope amounts to.
ROLES = {Scope.READ: Role.VIEWER, Scope.OPERATE: Role.OPERATOR, Scope.ADMIN: Role.ADMIN}

_MARK = "kumo_"
_LONGEST_NAME, _MOST_EACH = 100, 50
_LONGEST_LIFE = timedelta(days=365)
#: Every request with a token would be a write otherwise.
_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a token speaks for, and what it may do: no more than the person may today."""

    token_id: int
    token_name: str
    user_id: int
    user_name: str
    role: Role


def make(session: Session, user_id: int, name: str, scope: Scope, expires: timedelta | None) -> str:
    """A new token, which nobody can be shown again. Raises UserNotFound, TokenInvalid."""
    user = people.one(session, user_id)
    _check(user, name, scope, expires)
    _check_room(session, user_id)
    token = _MARK + secrets.token_urlsafe(32)
    ends = None if expires is None else func.now() + expires
    session.add(
        ApiToken(
            name=name, token_hash=_digest(token), scope=scope, user_id=user_id, expires_at=ends
        )
    )
    return token


def holder(session: Session, token: str) -> Holder | None:
    """Whom the token speaks for; None when it is unknown or expired or its person is gone.

    One digest and one statement, whatever was sent.
    """
    is_it = ApiToken.token_hash == _digest(token), _living()
    unnoted = or_(ApiToken.used_at.is_(None), ApiToken.used_at < func.now() - _NOTED_EVERY)
    noted = update(ApiToken).where(*is_it, unnoted).values(used_at=func.now()).cte()
    found = session.execute(
        select(ApiToken.id, ApiToken.name, User.id, User.name, User.role, ApiToken.scope)
        .join(User, User.id == ApiToken.user_id)
        .where(*is_it)
        .add_cte(noted)
    ).one_or_none()
    if found is None:
        return None
    token_id, token_name, user_id, user_name, role, scope = found
    lesser = min(role, ROLES[Scope(scope)], key=list(Role).index)
    return Holder(token_id, token_name, user_id, user_name, lesser)


def revoke(session: Session, token_id: int, *, of: int | None = None) -> str:
    """Ends a token, `of` that person alone if given; its name. Raises TokenNotFound."""
    query = delete(ApiToken).where(ApiToken.id == token_id).returning(ApiToken.name)
    name = session.scalar(query if of is None else query.where(ApiToken.user_id == of))
    if name is None:
        raise TokenNotFound(Sentence("There is no such token any more; the list shows those left."))
    return name


def of_person(session: Session, user_id: int) -> Sequence[ApiToken]:
    """The newest first, and no more than a person may have."""
    query = select(ApiToken).where(ApiToken.user_id == user_id)
    return session.scalars(query.order_by(ApiToken.id.desc()).limit(_MOST_EACH)).all()


def everyones(
    session: Session, *, older_than: int | None = None, size: int = 100
) -> Sequence[Row[ApiToken, str]]:
    """The newest first, each with its person's name; one more than `size` when there are more."""
    query = select(ApiToken, User.name).join(User, User.id == ApiToken.user_id)
    if older_than is not None:
        query = query.where(ApiToken.id < older_than)
    return session.execute(query.order_by(ApiToken.id.desc()).limit(size + 1)).all()


def may_have(role: Role) -> list[Scope]:
    """The scopes somebody of that role may give away."""
    return [scope for scope, needed in ROLES.items() if role.covers(needed)]


def _living() -> Any:
    return or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > func.now())


def _check(user: User, name: str, scope: Scope, expires: timedelta | None) -> None:
    if not name or len(name) > _LONGEST_NAME or not name.isprintable() or name != name.strip():
        raise TokenInvalid(
            Sentence("A token's name is one line of 1 to %(most)d characters.", most=_LONGEST_NAME),
            "name",
        )
    if scope not in may_have(user.role):
        raise TokenInvalid(Sentence("A token may not do more than you may yourself."), "scope")
    if expires is None and user.role is not Role.ADMIN:
        raise TokenInvalid(Sentence("Only an admin's token may last for ever."), "days")
    if expires is not None and not timedelta() < expires <= _LONGEST_LIFE:
        raise TokenInvalid(
            Sentence("A token lasts %(most)d days at the most.", most=_LONGEST_LIFE.days), "days"
        )


def _check_room(session: Session, user_id: int) -> None:
    query = select(func.count()).select_from(ApiToken).where(ApiToken.user_id == user_id)
    if (session.scalar(query) or 0) >= _MOST_EACH:
        raise TokenInvalid(
            Sentence("You have %(most)d tokens; revoke one that is not needed.", most=_MOST_EACH)
        )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
