"""Listings: orders of many items, noted once and read a page at a time.

No index has the order of a field. A few thousand items are put in it while a page is made; more are
listed by a task, inside the database, and the pages read their places. A listing is as its items
were when it was made, and says when that was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b

import orjson
from pydantic import TypeAdapter
from sqlalchemy import delete, exists, func, insert, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from orchestrator import database
from orchestrator.exceptions import Sentence
from orchestrator.ledger import browsing, finding, ticks
from orchestrator.ledger.browsing import ItemPage
from orchestrator.ledger.finding import CutOff, at_most
from orchestrator.ledger.item_views import ItemView, Place
from orchestrator.ledger.models import HeldJob, ItemListing, ItemListingPart, ScrapingJob

#: Of a part.
_IDS = 1_000
_MAKING_MILLISECONDS = 120_000
#: Asked for so long ago and not made: its bell was lost, or whoever made it died.
_PATIENCE = timedelta(milliseconds=_MAKING_MILLISECONDS) + timedelta(seconds=30)
#: Not asked for again since: gone with the next one that is made.
_KEPT = timedelta(days=1)
_LOCK = 0x6B756D6F

_VIEWS: TypeAdapter[ItemView] = TypeAdapter(ItemView)
_TOO_LONG = Sentence("It took longer than two minutes; narrow the search first.")


@dataclass(frozen=True, slots=True)
class Listing:
    """What is known of the listing of a view."""

    #: When its order was taken; None: not yet.
    made_at: datetime | None
    #: Somebody is at it, as far as can be told.
    is_coming: bool
    trouble: str | None


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page of items, and the listing that it is of or lacks."""

    items: ItemPage
    #: None: nobody has asked for one.
    listing: Listing | None = None
    #: Behind so many items of the listing the next page begins.
    next_number: int | None = None


def page(
    session: Session,
    target_id: int,
    view: ItemView,
    *,
    after: Place | int | None = None,
    columns: Sequence[str] = (),
) -> ListedPage:
    """The items behind `after`, a number in the listing of the view if there is one."""
    known = _find(session, target_id, view) if view != ItemView() else None
    if known is None or _made_at(session, known) is None:
        place = None if isinstance(after, int) else after
        shown = browsing.page(session, target_id, view, after=place, columns=columns)
        return ListedPage(shown, _told(session, known))
    number = after if isinstance(after, int) else 0
    return replace(_read(session, known, number, columns), listing=_told(session, known))


def ask(session: Session, target_id: int, view: ItemView) -> int:
    """Notes that somebody wants the listing of a view, made for the first time or anew; its id."""
    known = _find(session, target_id, view)
    told = _told(session, known)
    if known and told and told.is_coming:
        return known.id
    row = upsert(ItemListing).values(
        target_id=target_id, view_key=_key(view), view=_VIEWS.dump_python(view, mode="json")
    )
    found: int = session.scalar(  # type: ignore[assignment]
        row.on_conflict_do_update(
            index_elements=[ItemListing.target_id, ItemListing.view_key],
            set_={"asked_at": func.now(), "trouble": None},
        ).returning(ItemListing.id)
    )
    return found


def is_made(session: Session, listing_id: int) -> bool:
    """Whether it has been, or cannot be, made since it was asked for."""
    listing = session.get(ItemListing, listing_id)
    return listing is None or not _is_due(listing)


def make(listing_id: int) -> int | None:
    """Notes its items; how many. None when there is none to make, or somebody else is at it."""
    with database.transaction() as session:
        # Not the row's own lock: whoever asks once more would wait for the end of it.
        if not session.scalar(select(func.pg_try_advisory_xact_lock(_LOCK, listing_id % 2**31))):
            return None
        listing = session.get(ItemListing, listing_id)
        if listing is None or not _is_due(listing):
            return None
        try:
            with at_most(session, _MAKING_MILLISECONDS):
                items = _note(session, listing)
        except CutOff:
            listing.trouble = _TOO_LONG.pattern
            return None
        listing.items, listing.made_at = items, func.now()
        session.execute(delete(ItemListing).where(ItemListing.asked_at < func.now() - _KEPT))
        return items


def _note(session: Session, listing: ItemListing) -> int:
    view = _VIEWS.validate_python(listing.view)
    parts = ItemListingPart.listing_id == listing.id
    session.execute(delete(ItemListingPart).where(parts))
    listed = finding.numbered(session, listing.target_id, view).subquery()
    part = ((listed.c.number - 1) // _IDS).label("part")
    ids = func.array_agg(aggregate_order_by(listed.c.id, listed.c.number))
    taken = select(literal(listing.id), part, ids).group_by(part)
    session.execute(insert(ItemListingPart).from_select(["listing_id", "number", "ids"], taken))
    counted = select(func.coalesce(func.sum(func.cardinality(ItemListingPart.ids)), 0))
    return int(session.scalar(counted.where(parts)) or 0)


def _read(
    session: Session, listing: ItemListing, number: int, columns: Sequence[str], size: int = 50
) -> ListedPage:
    first, within = divmod(number, _IDS)
    rows = session.scalars(
        select(ItemListingPart.ids)
        .where(ItemListingPart.listing_id == listing.id)
        .where(ItemListingPart.number.in_([first, first + 1]))
        .order_by(ItemListingPart.number)
    )
    ids = [each for part in rows for each in part][within : within + size]
    # Deleted ones are missing; the places of the others stay.
    shown = browsing.rows(session, ids, columns)
    end = number + size
    return ListedPage(
        ItemPage(shown, listing.items, most=listing.items),
        next_number=end if end < listing.items else None,
    )


def _find(session: Session, target_id: int, view: ItemView) -> ItemListing | None:
    query = select(ItemListing).where(
        ItemListing.target_id == target_id, ItemListing.view_key == _key(view)
    )
    return session.scalar(query)


def _told(session: Session, listing: ItemListing | None) -> Listing | None:
    if listing is None:
        return None
    coming = _is_due(listing) and ticks.now(session) < listing.asked_at + _PATIENCE
    return Listing(_made_at(session, listing), coming, listing.trouble)


def _made_at(session: Session, listing: ItemListing) -> datetime | None:
    """None also when it was made of what a job had found that has been set aside since."""
    if listing.made_at is None:
        return None
    moved_since = (
        exists()
        .where(HeldJob.job_id == ScrapingJob.id, HeldJob.target_id == listing.target_id)
        .where(ScrapingJob.started_at <= listing.made_at, HeldJob.moved_at > listing.made_at)
    )
    return None if session.scalar(select(moved_since)) else listing.made_at


def _is_due(listing: ItemListing) -> bool:
    made_at = listing.made_at
    return listing.trouble is None and (made_at is None or made_at < listing.asked_at)


def _key(view: ItemView) -> bytes:
    told = orjson.dumps(_VIEWS.dump_python(view, mode="json"), option=orjson.OPT_SORT_KEYS)
    return blake2b(told, digest_size=16).digest()
