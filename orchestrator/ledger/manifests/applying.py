"""A plan made true, in the transaction of whoever asks: wholly or not at all."""

from sqlalchemy.orm import Session

from orchestrator.exceptions import Sentence, TargetChanged
from orchestrator.ledger import jobs, targets
from orchestrator.ledger.jobs import Ended
from orchestrator.ledger.manifests.plans import Gone, Plan


def apply(session: Session, plan: Plan, *, prune: bool) -> list[Ended]:
    """Adds and changes targets; with `prune` it deletes those gone. The jobs that this ended.

    Raises TargetChanged where a target is not as the plan knew it, and TargetInvalid where a name
    was taken meanwhile.
    """
    for definition in plan.added:
        targets.register(session, definition.model_dump())
    for each in plan.changed:
        target = targets.find(session, each.target_id)
        targets.change(session, target, each.definition.model_dump(), seen_at=each.seen_at)
    return [ended for gone in plan.gone for ended in _delete(session, gone)] if prune else []


def _delete(session: Session, gone: Gone) -> list[Ended]:
    target = targets.find(session, gone.target_id)
    session.refresh(target, with_for_update=True)
    if target.updated_at != gone.seen_at:
        raise TargetChanged(
            Sentence("Target %(name)s was changed by somebody else.", name=gone.name)
        )
    targets.delete(session, target)
    return list(jobs.cancel_all_of(session, gone.target_id))
