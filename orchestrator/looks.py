"""Serves drafts: has their pages looked at, in a process of their own.

The process writes its answers itself; here is only said what became of one that could not.
"""

import logging
from uuid import UUID

from orchestrator import database, readers
from orchestrator.ledger import drafts
from orchestrator.ledger.drafts import Errand, Taken
from orchestrator.readers import Reader

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
    if taken is None:
        return "nothing to do"
    trouble = _run(draft_id, taken)
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


def _run(draft_id: UUID, taken: Taken) -> str | None:
    arguments = (draft_id, taken.errand.value, taken.revision)
    seconds = _SECONDS[taken.errand]
    trouble = readers.run(Reader(_LOOK_MODULE, arguments, seconds, f"look {draft_id}"))
    return _TOO_SLOW[taken.errand] if trouble == readers.TOO_LONG else trouble


def _write_down(draft_id: UUID, taken: Taken, trouble: str) -> None:
    with database.transaction() as session:
        if taken.errand is Errand.LOOK:
            drafts.fail(session, draft_id, trouble)
        else:
            drafts.show_no_preview(session, draft_id, taken.revision, trouble)
            drafts.end_further(session, draft_id)
