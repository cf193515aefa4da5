"""Makes a target of a draft, or gives the target it was made from its new recipe."""

from typing import Any

from flask import flash, request

from dashboard import audit, draft_page
from orchestrator import database, triggers
from orchestrator.ledger import targets
from orchestrator.ledger.drafts import Recipe
from orchestrator.ledger.models import ScrapingTarget, TargetDraft, Trigger


def save(draft: TargetDraft, recipe: Recipe) -> ScrapingTarget:
    """Raises TargetInvalid, and TargetNotFound when its target was deleted meanwhile."""
    read = {
        "spider": recipe.spider,
        "arguments": recipe.arguments,
        "key_fields": recipe.key_fields,
    }
    return _added(draft, read) if draft.target_id is None else _changed(draft.target_id, read)


def run(target: ScrapingTarget) -> None:
    """Starts a job of it, as its button does."""
    answer = triggers.request(target.id, Trigger.DASHBOARD)
    flash(str(answer.job_id), "started" if answer.started else "already")
    audit.note("target.run", target.id, job_id=str(answer.job_id))


def _added(draft: TargetDraft, read: dict[str, Any]) -> ScrapingTarget:
    schedule, timezone = draft_page.typed_schedule()
    fields = read | {
        "name": request.form.get("name", "").strip(),
        "start_urls": draft.start_urls or [draft.url],
        "schedule": schedule,
        "timezone": timezone,
    }
    with database.transaction() as session:
        target = targets.register(session, fields)
        audit.note_in(session, "target.add", target.name, id=target.id, draft_id=str(draft.id))
    return target


def _changed(target_id: int, read: dict[str, Any]) -> ScrapingTarget:
    with database.transaction() as session:
        target = targets.change(session, targets.find(session, target_id), read)
        audit.note_in(session, "target.edit", target.name, id=target.id, changed=list(read))
    return target
