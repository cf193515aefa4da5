"""Drafts: what a worker is asked about a website, and what came of it.

The row is the question and the answer: a bell only says "look at draft X now", and whoever hears it
takes what is outstanding. So a bell rung twice does nothing twice, and one that was lost shows as a
draft that waits, which a person can ask about again.
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain, count
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, defer

from orchestrator.exceptions import DraftNotFound, Sentence
from orchestrator.ledger import definitions
from orchestrator.ledger.errands import DraftErrand, Errand, KeptPage
from orchestrator.ledger.models import (
    DraftPage,
    DraftStatus,
    FurtherPages,
    ScrapingTarget,
    TargetDraft,
)

#: Nobody waits longer without a word; most answers take two seconds. Where a worker has begun, it
#: may be the website that is slow, which the worker's own limit ends.
OVERDUE, OVERDUE_WHEN_BEGUN = timedelta(seconds=30), timedelta(seconds=75)

#: Why a recipe with faults has no preview.
FAULTY = "faulty"

#: Of one person. Each may hold twenty megabytes of pages for a week.
_MOST_DRAFTS = 50


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a page is read: what a target's definition says of it."""

    spider: str
    arguments: dict[str, Any]
    key_fields: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Taken:
    """An errand that is this worker's now, and the revision that it is about."""

    errand: Errand
    revision: int


def begin(session: Session, url: str, *, who: str) -> TargetDraft:
    """Asks for a look at that address; a person's oldest drafts make room. Raises TargetInvalid."""
    draft = TargetDraft(id=uuid.uuid4(), who=who, url=definitions.address(url))
    _forget_oldest(session, who)
    session.add(draft)
    session.flush()
    return draft


def begin_from(session: Session, target: ScrapingTarget, url: str, *, who: str) -> TargetDraft:
    """Asks for a look at a page of a target, to change how it is read. Raises TargetInvalid."""
    draft = begin(session, url, who=who)
    draft.target_id = target.id
    draft.spider, draft.arguments = target.spider, target.arguments
    draft.key_fields, draft.revision = target.key_fields, 1
    session.flush()
    return draft


def find(session: Session, draft_id: uuid.UUID) -> TargetDraft:
    """Raises DraftNotFound."""
    draft = session.get(TargetDraft, draft_id)
    if draft is None:
        raise DraftNotFound(
            Sentence("This draft is gone: they are kept for a week. Begin again with its address.")
        )
    return draft


def pages(session: Session, draft_id: uuid.UUID) -> Sequence[DraftPage]:
    """What was fetched for it, without the bodies."""
    query = select(DraftPage).where(DraftPage.draft_id == draft_id).order_by(DraftPage.place)
    return session.scalars(query.options(defer(DraftPage.body))).all()


def bodies(session: Session, draft_id: uuid.UUID) -> Sequence[DraftPage]:
    """Likewise with the bodies, some megabytes."""
    query = select(DraftPage).where(DraftPage.draft_id == draft_id).order_by(DraftPage.place)
    return session.scalars(query).all()


def free_name(session: Session, url: str) -> str:
    """A name for a target of that website, which no living target has."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    name = re.sub(r"[^a-z0-9]+", "-", host).strip("-")[:80] or "website"
    like = ScrapingTarget.name.startswith(name, autoescape=True)
    query = select(ScrapingTarget.name).where(like, ScrapingTarget.deleted_at.is_(None))
    taken = set(session.scalars(query))
    numbered = (f"{name}-{number}" for number in count(2))
    return next(each for each in chain([name], numbered) if each not in taken)


def waits(draft: TargetDraft) -> bool:
    """Whether a worker has still to answer."""
    return (
        draft.status is DraftStatus.LOOKING
        or draft.previewed < draft.revision
        or draft.further in (FurtherPages.ASKED, FurtherPages.FETCHING)
    )


def is_overdue(session: Session, draft: TargetDraft) -> bool:
    """Whether it has waited so long that something must be wrong."""
    has_begun = draft.further is FurtherPages.FETCHING or draft.begun_at is not None
    patience = OVERDUE_WHEN_BEGUN if has_begun else OVERDUE
    return waits(draft) and bool(session.scalar(select(func.now() - draft.asked_at > patience)))


def ask_again(session: Session, draft_id: uuid.UUID) -> TargetDraft:
    """Asks once more for whatever has no answer; a page that could not be had is fetched again."""
    draft = find(session, draft_id)
    if draft.status is DraftStatus.FAILED:
        draft.status, draft.reason, draft.detail = DraftStatus.LOOKING, None, None
    if draft.further is FurtherPages.FETCHING:
        draft.further = FurtherPages.ASKED
    draft.begun_at, draft.asked_at = None, func.now()
    session.flush()
    return draft


def edit(session: Session, draft_id: uuid.UUID, recipe: Recipe, *, is_whole: bool) -> TargetDraft:
    """Takes a recipe as it was edited and asks for its preview; one like the last is no edit.

    One with faults is kept too, so that nothing typed is lost, and has no preview.
    """
    draft = find(session, draft_id)
    session.refresh(draft, with_for_update=True)
    if recipe != Recipe(draft.spider or "", draft.arguments, draft.key_fields):
        draft.spider, draft.arguments = recipe.spider, recipe.arguments
        draft.key_fields = recipe.key_fields
        draft.revision += 1
        draft.preview_fault, draft.asked_at = None, func.now()
        if not is_whole:
            draft.previewed, draft.preview_fault = draft.revision, FAULTY
    session.flush()
    return draft


def use(session: Session, draft_id: uuid.UUID, proposal: Mapping[str, Any]) -> TargetDraft:
    """Begins to edit from a proposal, which says where its target begins.

    One that reads nothing from this very page is tried at once on what it leads to.
    """
    recipe = Recipe(proposal["spider"], proposal["arguments"], list(proposal["key_fields"]))
    draft = edit(session, draft_id, recipe, is_whole=True)
    draft.start_urls = [proposal["start_url"]]
    _forget_further(session, draft_id)
    draft.further = FurtherPages.NONE if proposal["rows"] else FurtherPages.ASKED
    session.flush()
    return draft


def ask_for_further(session: Session, draft_id: uuid.UUID) -> TargetDraft:
    """Asks to try the recipe on more pages; those of an earlier try are forgotten."""
    draft = find(session, draft_id)
    _forget_further(session, draft_id)
    draft.further, draft.asked_at = FurtherPages.ASKED, func.now()
    session.flush()
    return draft


def take(session: Session, draft_id: uuid.UUID) -> Taken | None:
    """What there is to do for a draft, for the one who asks; None when nothing is left.

    A preview may be taken twice: it costs little, and the later one counts.
    """
    draft = session.get(TargetDraft, draft_id, with_for_update=True)
    if draft is None:
        return None
    if draft.status is DraftStatus.LOOKING:
        if draft.begun_at is not None:
            return None
        draft.begun_at = func.now()
        return Taken(Errand.LOOK, draft.revision)
    if draft.further is FurtherPages.ASKED:
        draft.further = FurtherPages.FETCHING
        return Taken(Errand.FURTHER, draft.revision)
    if draft.status is DraftStatus.READY and draft.previewed < draft.revision:
        return Taken(Errand.PREVIEW, draft.revision)
    return None


def handed_over(session: Session, draft_id: uuid.UUID, errand: Errand) -> DraftErrand:
    """All that is needed for it, pages included. Raises DraftNotFound."""
    draft = find(session, draft_id)
    kept = () if errand is Errand.LOOK else bodies(session, draft_id)
    return DraftErrand(
        errand,
        draft.url,
        draft.start_urls,
        draft.spider,
        draft.arguments,
        {page.place: KeptPage(page.url, page.status, page.headers, page.body) for page in kept},
    )


def keep_page(session: Session, draft_id: uuid.UUID, place: int, page: KeptPage) -> None:
    """Stores a page in its place, over an earlier one."""
    values = {
        "url": page.url,
        "status": page.status,
        "headers": dict(page.headers),
        "body": page.body,
        "preview": None,
        "fetched_at": func.now(),
    }
    session.execute(
        insert(DraftPage)
        .values(draft_id=draft_id, place=place, **values)
        .on_conflict_do_update(index_elements=["draft_id", "place"], set_=values)
    )


def propose(
    session: Session,
    draft_id: uuid.UUID,
    proposals: Sequence[Mapping[str, Any]],
    why_none: str | None = None,
) -> None:
    """The look has ended well: what the page could give, best first.

    A page for which nothing is proposed can be read by fields that a person chooses.
    """
    ready = DraftStatus.READY
    _end_look(session, draft_id, status=ready, proposals=list(proposals), reason=why_none)


def fail(session: Session, draft_id: uuid.UUID, reason: str, detail: str = "") -> None:
    """The look has ended without a page that could be read."""
    _end_look(session, draft_id, status=DraftStatus.FAILED, reason=reason, detail=detail)


def show(
    session: Session, draft_id: uuid.UUID, revision: int, previews: Mapping[int, Mapping[str, Any]]
) -> None:
    """Puts previews to their pages, unless a later edit has been previewed meanwhile."""
    if _answered(session, draft_id, revision, fault=None):
        for place, preview in previews.items():
            session.execute(
                update(DraftPage)
                .where(DraftPage.draft_id == draft_id, DraftPage.place == place)
                .values(preview=dict(preview))
            )


def show_no_preview(session: Session, draft_id: uuid.UUID, revision: int, fault: str) -> None:
    """That edit has none; what was shown before stays."""
    _answered(session, draft_id, revision, fault=fault)


def end_further(session: Session, draft_id: uuid.UUID) -> None:
    """All pages that there are have been tried."""
    session.execute(
        update(TargetDraft)
        .where(TargetDraft.id == draft_id, TargetDraft.further == FurtherPages.FETCHING)
        .values(further=FurtherPages.TRIED)
    )


def _end_look(session: Session, draft_id: uuid.UUID, **values: Any) -> None:
    session.execute(
        update(TargetDraft)
        .where(TargetDraft.id == draft_id, TargetDraft.status == DraftStatus.LOOKING)
        .values(values | {"begun_at": None})
    )


def _answered(session: Session, draft_id: uuid.UUID, revision: int, *, fault: str | None) -> bool:
    done = session.execute(
        update(TargetDraft)
        .where(TargetDraft.id == draft_id, TargetDraft.previewed <= revision)
        .values(previewed=revision, preview_fault=fault)
        .returning(TargetDraft.id)
    )
    return done.first() is not None


def _forget_further(session: Session, draft_id: uuid.UUID) -> None:
    session.execute(delete(DraftPage).where(DraftPage.draft_id == draft_id, DraftPage.place > 0))


def _forget_oldest(session: Session, who: str) -> None:
    """Leaves room for one more. Those that a worker is at are passed over and go next time."""
    surplus = (
        select(TargetDraft.id)
        .where(TargetDraft.who == who)
        .order_by(TargetDraft.asked_at.desc(), TargetDraft.id)
        .offset(_MOST_DRAFTS - 1)
        .limit(100)
        .with_for_update(skip_locked=True)
    )
    session.execute(
        delete(TargetDraft).where(TargetDraft.id.in_(surplus)),
        execution_options={"synchronize_session": False},
    )
