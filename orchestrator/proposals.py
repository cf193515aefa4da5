"""Ask a worker about a website: what it could give, how an edited recipe reads it.

As with jobs the row is committed before the bell is rung. A bell that is lost is not repaired by
the sweep: a person waits for the answer, and their page offers to ask again.
"""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kombu.exceptions import KombuError

from orchestrator import celery, database
from orchestrator.exceptions import OrchestratorError
from orchestrator.ledger import drafts, targets
from orchestrator.ledger.drafts import Recipe
from orchestrator.ledger.models import TargetDraft

logger = logging.getLogger(__name__)

#: Whoever waited for it has been told by then that nobody answered.
_BELL_SECONDS = 60


def look(url: str, *, who: str) -> TargetDraft:
    """Asks for a look at that address. Raises TargetInvalid."""
    with database.transaction() as session:
        draft = drafts.begin(session, url, who=who)
    ring(draft.id)
    return draft


def look_for(
    target_id: int, url: str, *, who: str, arguments: Mapping[str, Any] | None = None
) -> TargetDraft:
    """Asks for a look at a page of a target, to change how it is read; or as `arguments` have it.

    Raises TargetNotFound, TargetInvalid.
    """
    with database.transaction() as session:
        draft = drafts.begin_from(session, targets.find(session, target_id), url, who=who)
        if arguments is not None:
            draft.arguments = dict(arguments)
    ring(draft.id)
    return draft


def ask_again(draft_id: UUID) -> None:
    """Asks once more for what has no answer. Raises DraftNotFound."""
    with database.transaction() as session:
        drafts.ask_again(session, draft_id)
    ring(draft_id)


def use(draft_id: UUID, proposal: Mapping[str, Any]) -> None:
    """Begins to edit from a proposal; a worker previews it. Raises DraftNotFound."""
    with database.transaction() as session:
        drafts.use(session, draft_id, proposal)
    ring(draft_id)


def edit(draft_id: UUID, recipe: Recipe, *, is_whole: bool) -> TargetDraft:
    """Takes a recipe as it was edited; a worker previews one without faults.

    Raises DraftNotFound.
    """
    with database.transaction() as session:
        draft = drafts.edit(session, draft_id, recipe, is_whole=is_whole)
    if drafts.waits(draft):
        ring(draft_id)
    return draft


def try_further(draft_id: UUID) -> None:
    """Asks to try the recipe on more pages. Raises DraftNotFound."""
    with database.transaction() as session:
        drafts.ask_for_further(session, draft_id)
    ring(draft_id)


def ring(draft_id: UUID) -> None:
    """Says "look at draft X now"; when Redis is away nothing is lost but time."""
    try:
        celery.tell(
            "orchestrator.tasks.look_at_page",
            str(draft_id),
            priority=celery.PRIORITIES[0],
            expires=_BELL_SECONDS,
        )
    except (KombuError, OSError, OrchestratorError) as error:
        logger.warning(
            "The bell of draft %s was not rung: %s",
            draft_id,
            error,
            extra={"action": "bell_away", "draft_id": str(draft_id)},
        )
