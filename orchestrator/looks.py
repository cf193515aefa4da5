"""Serves drafts: has their pages looked at, in a process of their own, and stores what it says.

Each answer is stored as it comes: a person sees how far the look is, and what is there stays when
the process is killed afterwards.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from orchestrator import database, readers
from orchestrator.ledger import drafts
from orchestrator.ledger.draft_answers import NothingSaid, PageSaid, PreviewsSaid, ProposalsSaid
from orchestrator.ledger.drafts import Taken
from orchestrator.ledger.errands import FURTHER_PAGES, DraftErrand, Errand
from orchestrator.readers import Reader, Reading

logger = logging.getLogger(__name__)

#: The only thing known of the spiders: what to import, and what to call in it.
_LOOK_MODULE = "spiders_project.look"
#: Fetching waits for websites; reading what was fetched waits for nobody.
_SECONDS = {Errand.LOOK: 50.0, Errand.FURTHER: 60.0, Errand.PREVIEW: 5.0}
#: What took too long: the selectors, or the website, which may have asked for a pause.
_TOO_SLOW = {Errand.LOOK: "slow_site", Errand.FURTHER: "slow_site", Errand.PREVIEW: "too_slow"}


def serve(draft_id: UUID) -> str:
    """Does what is outstanding for a draft in a process of its own; says what that was."""
    with database.transaction() as session:
        taken = drafts.take(session, draft_id)
        told = drafts.handed_over(session, draft_id, taken.errand) if taken else None
    if taken is None or told is None:
        return "nothing to do"
    trouble = _run(draft_id, taken, told)
    if trouble:
        logger.warning(
            "Draft %s: %s ended with %s",
            draft_id,
            taken.errand,
            trouble,
            extra={"action": "look_failed", "draft_id": str(draft_id)},
        )
        _write_down(draft_id, taken, trouble)
    return trouble or taken.errand


def _run(draft_id: UUID, taken: Taken, told: DraftErrand) -> str | None:
    reader = Reader(_LOOK_MODULE, (told,), _SECONDS[taken.errand], f"look {draft_id}")
    record = _Record(draft_id, taken.revision, is_edited=told.spider is not None)
    trouble = readers.run(reader, record.listener(taken.errand))
    return _TOO_SLOW[taken.errand] if trouble == readers.TOO_LONG else trouble


@dataclass(frozen=True, slots=True)
class _Record:
    """Stores what is said of a draft, each answer by itself and in this order alone."""

    draft_id: UUID
    revision: int
    #: Whether there is a recipe already, whose preview is part of the look.
    is_edited: bool

    def listener(self, errand: Errand) -> Callable[[Reading], None]:
        listeners: Mapping[Errand, Callable[[Reading], None]] = {
            Errand.LOOK: self._look,
            Errand.PREVIEW: self._preview,
            Errand.FURTHER: self._further,
        }
        return listeners[errand]

    def _look(self, reading: Reading) -> None:
        match reading.hear(PageSaid, NothingSaid):
            case PageSaid() as page:
                self._write(drafts.keep_page, 0, page.kept())
                self._proposals(reading)
            case NothingSaid() as nothing:
                self._write(drafts.fail, nothing.reason, nothing.detail)

    def _proposals(self, reading: Reading) -> None:
        match reading.hear(ProposalsSaid, NothingSaid):
            case ProposalsSaid() as found:
                proposals = [each.as_said() for each in found.proposals]
                self._write(drafts.propose, proposals, found.why_none)
                if self.is_edited:
                    self._preview(reading)
            case NothingSaid() as nothing:
                self._write(drafts.fail, nothing.reason, nothing.detail)

    def _preview(self, reading: Reading) -> None:
        self._show(reading.hear(PreviewsSaid))

    def _further(self, reading: Reading) -> None:
        for place in range(1, FURTHER_PAGES + 1):
            match reading.hear(PageSaid, PreviewsSaid):
                case PageSaid() as page:
                    self._write(drafts.keep_page, place, page.kept())
                case PreviewsSaid() as previews:
                    break
        else:
            previews = reading.hear(PreviewsSaid)
        self._show(previews)
        self._write(drafts.end_further)

    def _show(self, previews: PreviewsSaid) -> None:
        self._write(drafts.show, self.revision, previews.by_place())

    def _write(self, write: Callable[..., None], *values: Any) -> None:
        with database.transaction() as session:
            write(session, self.draft_id, *values)


def _write_down(draft_id: UUID, taken: Taken, trouble: str) -> None:
    with database.transaction() as session:
        if taken.errand is Errand.LOOK:
            drafts.fail(session, draft_id, trouble)
        else:
            drafts.show_no_preview(session, draft_id, taken.revision, trouble)
            drafts.end_further(session, draft_id)
