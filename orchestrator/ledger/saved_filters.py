"""Saved filters: which changes people ask for again and again, each under a name.

One without an owner is everybody's; alerts lean on those alone, so that nobody who leaves takes
along what others are told by.
"""

from collections.abc import Sequence

from sqlalchemy import Select, delete, exists, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from orchestrator.exceptions import FilterInvalid, FilterNotFound, Sentence
from orchestrator.ledger import filters
from orchestrator.ledger.filters import ChangeFilter
from orchestrator.ledger.models import AlertRule, SavedFilter

_LONGEST_NAME, _MOST = 100, 200


def save(
    session: Session, name: str, which: ChangeFilter, *, owner_id: int | None = None
) -> SavedFilter:
    """Keeps it under that name, for its owner or for everybody; one of that name is replaced.

    Raises FilterInvalid.
    """
    name = "".join(each for each in name if each.isprintable()).strip()
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise FilterInvalid(
            Sentence("A name has 1 to %(most)s characters.", most=_LONGEST_NAME), "name"
        )
    conditions = filters.as_json(filters.checked(which))
    if (saved := session.scalar(_of(owner_id).where(SavedFilter.name == name))) is None:
        _check_room(session, owner_id)
        saved = SavedFilter(name=name, owner_id=owner_id)
        session.add(saved)
    saved.conditions = conditions
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        taken = Sentence("Somebody saved a filter of that name just now; press again.")
        raise FilterInvalid(taken, "name") from error
    return saved


def seen_by(session: Session, user_id: int) -> Sequence[SavedFilter]:
    """Everybody's and that person's own, by name."""
    mine = or_(SavedFilter.owner_id.is_(None), SavedFilter.owner_id == user_id)
    return session.scalars(select(SavedFilter).where(mine).order_by(SavedFilter.name)).all()


def shared(session: Session) -> Sequence[SavedFilter]:
    return session.scalars(_of(None).order_by(SavedFilter.name)).all()


def one(session: Session, filter_id: int, user_id: int) -> SavedFilter:
    """One that this person sees. Raises FilterNotFound."""
    found = session.get(SavedFilter, filter_id)
    if found is None or found.owner_id not in (None, user_id):
        raise FilterNotFound(Sentence("There is no filter %(id)s.", id=filter_id))
    return found


def remove(session: Session, filter_id: int, user_id: int) -> str:
    """Forgets it, and the feeds of it; gives its name. Raises FilterNotFound, FilterInvalid."""
    saved = one(session, filter_id, user_id)
    if session.scalar(select(exists().where(AlertRule.filter_id == filter_id))):
        told = Sentence(
            "A rule of an alert leans on the filter %(name)s; remove the rule first.",
            name=saved.name,
        )
        raise FilterInvalid(told, "name")
    session.execute(delete(SavedFilter).where(SavedFilter.id == filter_id))
    return saved.name


def which(saved: SavedFilter) -> ChangeFilter:
    return filters.from_json(saved.conditions)


def _of(owner_id: int | None) -> Select[SavedFilter]:
    return select(SavedFilter).where(SavedFilter.owner_id.is_not_distinct_from(owner_id))


def _check_room(session: Session, owner_id: int | None) -> None:
    if len(session.scalars(_of(owner_id).limit(_MOST)).all()) >= _MOST:
        raise FilterInvalid(
            Sentence("There are %(most)s filters; remove one that is not needed.", most=_MOST),
            "name",
        )
