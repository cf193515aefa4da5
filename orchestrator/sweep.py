"""The repair pass: it makes reality and the job table agree.

It runs in a thread of every worker and by beat, one at a time by an advisory lock, so it goes on
whatever else has died. All it does are the ordinary steps of a job's life, taken by somebody else.
"""

import logging
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

from sqlalchemy.orm import Session

from orchestrator import config, database, frontiers, inspection, triggers
from orchestrator.exceptions import BellAway
from orchestrator.ledger import (
    absences,
    alerts,
    bells,
    crawls,
    endings,
    jobs,
    requests,
    sharing,
    tallies,
    targets,
    ticks,
)
from orchestrator.ledger.ends import End, Ending
from orchestrator.ledger.jobs import Ended
from orchestrator.ledger.latencies import SWEEP, Latencies
from orchestrator.ledger.models import Trigger
from orchestrator.ledger.requests import Answer, Terms

logger = logging.getLogger(__name__)

#: What one sweep does at the most; the next comes soon.
_MOST_RECOVERED, _MOST_RUNG, _MOST_QUEUES = 100, 200, 100
_ABSENCES_SECONDS = 5


def sweep(*, by_beat: bool = False) -> dict[str, int]:
    """One repair pass; how many jobs were recovered, requested and rung. Empty when one runs.

    Raises DatabaseAway.
    """
    began = monotonic()
    with database.transaction() as session:
        if by_beat:
            ticks.tick(session, ticks.BEAT)
        if not ticks.take_turn(session):
            return {}
        ticks.tick(session, ticks.SWEEP)
        recovered = _recover(session)
        alerts.note_late(session)
        requested = _request_due(session)
    for ended in recovered:
        triggers.follow_up(ended)
    _note_digests()
    counts = {"recovered": len(recovered), "requested": len(requested)}
    counts["gone"] = absences.catch_up(seconds=_ABSENCES_SECONDS)
    try:
        counts["rung"] = _ring() + _ring_for_more()
        if by_beat:
            counts["frontiers_deleted"] = _delete_old_frontiers()
    except BellAway as error:
        logger.warning("%s", error, extra={"action": "bell_away"})
    _count(monotonic() - began)
    return counts


def take_back(worker: str, *, serves: Callable[[int], bool]) -> int:
    """Takes back the jobs that an earlier process of this worker's name has left; how many.

    `serves` tells of a pid of this machine whether it is a crawler yet. Raises DatabaseAway.
    """
    with database.transaction() as session:
        left = crawls.left_by(session, worker)
        lost = [row for row in left if row.pid is None or not serves(row.pid)]
        recovered = _taken_back(session, lost, "it was killed and is here again")
    for ended in recovered:
        triggers.follow_up(ended)
    return len(recovered)


def _count(seconds: float) -> None:
    """How long it took is counted with the rest, of which many rows have gathered by now."""
    took = Latencies(SWEEP)
    took.add(seconds)
    with database.transaction() as session:
        tallies.add(session, took.amounts())
        tallies.fold(session)


def _note_digests() -> None:
    """By itself: a digest that cannot be made must not keep jobs from being recovered."""
    try:
        with database.transaction() as session:
            alerts.note_digests(session, ticks.now(session))
    except Exception:
        logger.exception("A digest cannot be made", extra={"action": "digest_failed"})


def _recover(session: Session) -> list[Ended]:
    """Takes jobs back from crawls whose lease ran out; a cancel asked of them is served."""
    return _taken_back(session, crawls.expired(session, most=_MOST_RECOVERED), "the lease ran out")


def _taken_back(session: Session, lost: Sequence[Any], why: str) -> list[Ended]:
    recovered = []
    for row in lost:
        message = f"Its worker {row.worker} was lost: {why}."
        end = End(Ending.DIED, "worker_lost", message)
        # What was waited until it showed is wait enough.
        ended = endings.finish(
            session, row.job_id, row.attempt, end, retry_seconds=0, number=row.number
        )
        if ended:
            recovered.append(ended)
            logger.warning(
                "Job %s: %s It is %s now.",
                row.job_id,
                message,
                ended.status,
                extra={"action": "recovered", "job_id": str(row.job_id)},
            )
    return recovered


def _request_due(session: Session) -> list[Answer]:
    """A job for each occasion that has come; its bell is rung a moment later, with the others."""
    answers = []
    for occasion, ids in targets.due(session, ticks.now(session)).items():
        terms = Terms(Trigger.BEAT, due_at=occasion)
        answers += requests.request_many(session, ids, terms)
    started = [answer.job_id for answer in answers if answer.started]
    bells.ring_later(session, started)
    return answers


def _ring() -> int:
    """Rings in each queue in which jobs are due; there may be one for each worker tag."""
    with database.transaction() as session:
        waiting = bells.due_by_queue(session, most=_MOST_QUEUES)
    return sum(_ring_in(queue, due) for queue, due in waiting.items())


def _ring_in(queue: str, due: int) -> int:
    """Rings for due jobs whose bell nobody answered, unless enough bells are waiting already."""
    if inspection.queue_length(queue) >= due:
        return 0
    patience = config.get().ring_again_seconds
    with database.transaction() as session:
        waiting = bells.unanswered(session, queue, ring_again_seconds=patience, most=_MOST_RUNG)
    triggers.ring([(row.id, row.target_id, row.priority, queue) for row in waiting])
    return len(waiting)


def _ring_for_more() -> int:
    """Rings for running jobs that want further crawls, unless so many bells wait already."""
    with database.transaction() as session:
        patience = config.get().ring_again_seconds
        wanting = sharing.wanting(session, ring_again_seconds=patience, most=_MOST_RUNG)
        due = bells.due_by_queue(session, most=_MOST_QUEUES) if wanting else {}
    rung = 0
    for each in wanting:
        due[each.queue] = due.get(each.queue, 0) + each.missing
        if inspection.queue_length(each.queue) < due[each.queue]:
            triggers.ring(triggers.bells_of(each))
            rung += each.missing
    return rung


def _delete_old_frontiers() -> int:
    """Those that stayed because Redis was away when their job ended."""
    owners = frontiers.owners()
    if not owners:
        return 0
    with database.transaction() as session:
        ended = jobs.ended_among(session, owners)
    for job_id in ended:
        frontiers.delete(str(job_id))
    return len(ended)
