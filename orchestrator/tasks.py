"""The Celery tasks: each takes ids, makes one call and answers in plain JSON."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from orchestrator import diagnosing, launcher, looks, triggers
from orchestrator.alerts import delivering
from orchestrator.celery import app
from orchestrator.exceptions import OrchestratorError
from orchestrator.ledger import cleanup, listings, search
from orchestrator.ledger.cleanup import Retention
from orchestrator.ledger.models import Trigger
from orchestrator.ledger.requests import Answer
from orchestrator.sweep import sweep as sweep_once


@app.task(bind=True, throws=(OrchestratorError,))
def scrape_target(self: Any, target_id: int | str, job_id: str | None = None) -> dict[str, Any]:
    """Crawls a target, named by id or name: the bell of job `job_id`, or a request of its own.

    Without a job the message makes one under its own task id.
    """
    served = UUID(job_id or self.request.id)
    if job_id is None:
        answer = triggers.request_by_message(target_id, served)
        if not answer.started:
            return {"id": str(answer.job_id), "status": answer.status, "why": answer.why_not}
    claim = triggers.claim(served, worker=self.request.hostname)
    if claim is None:
        return {"id": str(served), "status": "not claimed"}
    end = launcher.run(claim)
    ended = triggers.finish(claim, end)
    return {"id": str(served), "status": ended.status if ended else "taken over"}


@app.task(throws=(OrchestratorError,))
def scrape_all_active_targets(nightly: bool = False) -> dict[str, Any]:
    """Requests a job for each active target; `nightly`: for those without their own schedule."""
    if nightly:
        return _told(triggers.request_nightly())
    return _told(triggers.request_all_active(Trigger.CELERY))


@app.task(throws=(OrchestratorError,))
def batch_scrape_targets(target_ids: Sequence[int | str]) -> dict[str, Any]:
    """Requests a job for each target of the list, named by id or name."""
    answers, unknown = triggers.request_batch(target_ids, Trigger.CELERY)
    told = _told(answers)
    return {**told, "not_started": {**told["not_started"], **unknown}}


@app.task(throws=(OrchestratorError,))
def cleanup_old_data(days: int | None = None) -> dict[str, int]:
    """Deletes what is older than it is kept, or older than `days`; counts by table."""
    kept = Retention.configured() if days is None else Retention.of(days)
    return cleanup.old_data(kept)


@app.task(throws=(OrchestratorError,))
def sweep(by_beat: bool = False) -> dict[str, int]:
    """One repair pass."""
    return sweep_once(by_beat=by_beat)


@app.task(throws=(OrchestratorError,))
def index_items() -> dict[str, int]:
    """Lets search learn what crawls have stored since it last looked."""
    return {"learned": search.catch_up()}


@app.task(throws=(OrchestratorError,))
def list_items(listing_id: int) -> dict[str, int | None]:
    """Puts the items of a view in their order, for pages to read from."""
    return {"listed": listings.make(listing_id)}


@app.task(throws=(OrchestratorError,))
def look_at_page(draft_id: str) -> dict[str, str]:
    """The bell of a draft: fetches and reads its page, or what else is outstanding for it."""
    return {"id": draft_id, "did": looks.serve(UUID(draft_id))}


@app.task(throws=(OrchestratorError,))
def diagnose_field(job_id: str, field: str) -> dict[str, str]:
    """The bell of a diagnosis: finds out why a field of a job is empty."""
    return {"id": job_id, "did": diagnosing.serve(UUID(job_id), field)}


@app.task(throws=(OrchestratorError,))
def deliver_alerts() -> dict[str, int]:
    """Tells people what is due, and tries again what they could not be told."""
    return delivering.deliver()


def _told(answers: Sequence[Answer]) -> dict[str, Any]:
    return {
        "started": [str(answer.job_id) for answer in answers if answer.started],
        "not_started": {
            str(answer.target_id): answer.why_not for answer in answers if not answer.started
        },
    }
