"""Schedule and cancel: the two things that a client does to jobs."""

import signal
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from math import ceil
from typing import Any
from uuid import UUID

from dashboard.scrapyd import gate, words
from dashboard.scrapyd.parameters import Parameters
from orchestrator import database, triggers
from orchestrator.exceptions import Invalid, JobNotFound, TransitionRefused
from orchestrator.ledger import allowed_settings, audit, scrapyd_jobs, scrapyd_requests
from orchestrator.ledger.requests import Answer
from orchestrator.ledger.scrapyd_requests import Wish

_OURS = ("project", "spider", "_version", "jobid", "priority", "setting")


def schedule(given: Parameters) -> Mapping[str, Any]:
    project, wanted = given.required("project"), given.optional("_version")
    wish = _wish(given)
    words.check_project(project)
    words.check_version(wanted)
    answer = triggers.request_with(partial(_request, wish=wish))
    return {"jobid": wish.jobid or str(answer.job_id)}


def cancel(given: Parameters) -> Mapping[str, Any]:
    project, jobid = given.required("project"), given.required("job")
    _check_signal(given.optional("signal"))
    words.check_project(project)
    with database.transaction() as session:
        job = scrapyd_jobs.find(session, jobid)
    if job is None or job.status.is_final or not _cancelled(job.id):
        return {"prevstate": None}
    return {"prevstate": words.state(job.status)}


def _wish(given: Parameters) -> Wish:
    return Wish(
        spider=given.required("spider"),
        arguments=given.others(*_OURS),
        settings=dict(map(_setting, given.every("setting"))),
        jobid=given.optional("jobid") or None,
        steps=_steps(given.number("priority")),
    )


def _setting(pair: str) -> tuple[str, Any]:
    name, equals, text = pair.partition("=")
    if not equals:
        raise Invalid(f"setting is invalid: {pair[:200]!r} is no KEY=VALUE")
    return name, allowed_settings.from_text(name, text)


def _steps(priority: float) -> int:
    """So many steps before or behind others; a fraction is one as well. No more than there are."""
    bounded = min(9.0, max(-9.0, priority))
    return ceil(bounded) if bounded > 0 else -ceil(-bounded)


def _request(session: Any, *, wish: Wish) -> Answer:
    who = gate.bearer().token_name
    answer = scrapyd_requests.request(session, wish, who=who)
    audit.record(session, who, "target.run", str(answer.target_id), job_id=str(answer.job_id))
    return answer


def _check_signal(name: str | None) -> None:
    """Any signal that there is means the same here: end it, and keep what it has."""
    known = {each.name.removeprefix("SIG") for each in signal.Signals}
    is_number = name is not None and name.isascii() and name.isdigit() and len(name) < 3
    if name is not None and not is_number and name.upper().removeprefix("SIG") not in known:
        raise Invalid(f"signal is invalid: {name[:50]!r} is no signal")


def _cancelled(job_id: UUID) -> bool:
    """Whether it could still be cancelled; to ask twice is no fault."""
    with suppress(JobNotFound, TransitionRefused):
        triggers.cancel(job_id)
        with database.transaction() as session:
            audit.record(session, gate.bearer().token_name, "job.cancel", str(job_id))
        return True
    return False
