"""Feeds: addresses that give changes to whoever knows them, without signing in.

What is secret in an address is 32 random bytes, stored as their SHA-256 and shown once. It opens
one feed and nothing else, and goes with the person who made it.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, delete, func, select
from sqlalchemy.orm import Session

from orchestrator.exceptions import FeedNotFound, FilterInvalid, Sentence
from orchestrator.ledger import saved_filters, targets
from orchestrator.ledger.filters import ChangeFilter
from orchestrator.ledger.models import ChangeFeed, SavedFilter, ScrapingTarget

_MOST_EACH = 50


@dataclass(frozen=True, slots=True)
class Opened:
    """What an address gives."""

    feed_id: int
    which: ChangeFilter
    language: str
    #: Of the filter or the target; empty: it is of everything.
    name: str


def make(
    session: Session,
    user_id: int,
    *,
    filter_id: int | None = None,
    target: str = "",
    language: str = "en",
) -> tuple[ChangeFeed, str]:
    """A new feed and its token, which nobody can be shown again: of a filter, a target or all.

    Raises FilterNotFound, FilterInvalid, TargetNotFound.
    """
    query = select(func.count()).select_from(ChangeFeed).where(ChangeFeed.user_id == user_id)
    if (session.scalar(query) or 0) >= _MOST_EACH:
        raise FilterInvalid(
            Sentence("You have %(most)s feeds; withdraw one first.", most=_MOST_EACH), "of"
        )
    token = secrets.token_urlsafe(32)
    feed = ChangeFeed(token_hash=_digest(token), user_id=user_id, language=language)
    if filter_id is not None:
        feed.filter_id = saved_filters.one(session, filter_id, user_id).id
    elif target:
        feed.target_id = targets.find(session, target).id
    session.add(feed)
    session.flush()
    return feed, token


def opened(session: Session, token: str) -> Opened:
    """What the token opens. Raises FeedNotFound."""
    row = session.execute(_NAMED.where(ChangeFeed.token_hash == _digest(token))).one_or_none()
    if row is None:
        raise FeedNotFound(Sentence("There is no feed at this address."))
    feed, saved, target = row
    if saved is not None:
        return Opened(feed.id, saved_filters.which(saved), feed.language, saved.name)
    which = ChangeFilter(target_id=feed.target_id)
    return Opened(feed.id, which, feed.language, target.name if target else "")


def of_person(
    session: Session, user_id: int
) -> Sequence[Row[ChangeFeed, SavedFilter | None, ScrapingTarget | None]]:
    """The newest first, each with what it is of."""
    query = _NAMED.where(ChangeFeed.user_id == user_id).order_by(ChangeFeed.id.desc())
    return session.execute(query.limit(_MOST_EACH)).all()


def withdraw(session: Session, feed_id: int, user_id: int) -> None:
    """Its address gives nothing any more. Raises FeedNotFound, also when it is somebody else's."""
    gone = delete(ChangeFeed).where(ChangeFeed.id == feed_id, ChangeFeed.user_id == user_id)
    if session.scalar(gone.returning(ChangeFeed.id)) is None:
        raise FeedNotFound(Sentence("There is no such feed any more; the list shows those left."))


_NAMED = (
    select(ChangeFeed, SavedFilter, ScrapingTarget)
    .outerjoin(SavedFilter, SavedFilter.id == ChangeFeed.filter_id)
    .outerjoin(ScrapingTarget, ScrapingTarget.id == ChangeFeed.target_id)
)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
