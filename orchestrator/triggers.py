"""Request a job, commit, ring its bell; cancel, pause, resume, retry; accept, discard, undo.

The order is the promise: the row is committed before the message is sent, so a bell may be lost or
late but never rings for a job that does not exist. When Redis is away the answer is the same and
the sweep rings later.
"""

import logging
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from time import monotonic, sleep

from kombu.exceptions import KombuError
from sqlalchemy.orm import Session

from orchestrator import celery, config, database, frontiers, sites
from orchestrator.exceptions import BellAway, DatabaseAway, OrchestratorError, TargetNotFound
from orchestrator.ledger import (
    absences,
    bells,
    endings,
    jobs,
    listings,
    publishing,
    request_keys,
    requests,
    sharing,
    targets,
    ticks,
)
from orchestrator.ledger.claims import Claim
from orchestrator.ledger.ends import End
from orchestrator.ledger.item_views import ItemView
from orchestrator.ledger.jobs import Ended, Leaver
from orchestrator.ledger.manifests import applying
from orchestrator.ledger.manifests.plans import Plan
from orchestrator.ledger.models import JobStatus, Trigger
from orchestrator.ledger.request_keys import RequestKey
from orchestrator.ledger.requests import Answer, Terms
from orchestrator.ledger.sharing import Wanting

logger = logging.getLogger(__name__)

#: What ended a crawl and will be there a moment later still: the next sweep rings, or a job that
#: cannot even begin would be started as fast as it fails.
_STORAGE_AWAY = frozenset({"storage_away", "redis_away", "database_away"})

#: How long a crawl slot is kept, or a person waits, to mark what is gone.
_ABSENCES_SECONDS = 5

_BELLS_A_TRIP = 500

#: What a bell needs: job id, target id, priority, the name of its queue.
Bell = tuple[uuid.UUID, int, int, str]


def request(
    reference: int | str,
    trigger: Trigger,
    *,
    priority: int | None = None,
    key: RequestKey | None = None,
) -> Answer:
    """Starts a job for the target of that id or name, or tells which one is active.

    Priority 0 hastens one that still waits: the answer has that priority then. And it is a
    person's word against the target's window, which does not count for that job. With a key the
    job that was started with it is told again. Raises TargetNotFound.
    """
    hastened = None
    terms = Terms(trigger, priority=priority, at_any_time=priority == 0)
    with database.transaction() as session:
        target = targets.find(session, reference)
        if key:
            answer = request_keys.request(session, target.id, terms, key)
        else:
            answer = requests.request(session, target.id, terms)
        if priority == 0 and not answer.started:
            hastened = jobs.hasten(session, answer.job_id)
    _ring_for([answer])
    if hastened:
        follow_up(hastened)
        return replace(answer, status=hastened.status, priority=hastened.priority)
    return answer


def request_with(ask: Callable[[Session], Answer]) -> Answer:
    """Has `ask` request a job, and write what belongs to it, in one transaction; then rings."""
    with database.transaction() as session:
        answer = ask(session)
    _ring_for([answer])
    return answer


def request_by_message(reference: int | str, job_id: uuid.UUID) -> Answer:
    """The job of a Celery message that came without a row, under the message's own id.

    No bell is rung: whoever holds the message serves the job, unless that is for another queue.
    Raises TargetNotFound.
    """
    with database.transaction() as session:
        target = targets.find(session, reference)
        answer = requests.request(session, target.id, Terms(Trigger.CELERY), job_id=job_id)
    if answer.queue not in celery.queues_served():
        _ring_for([answer])
    return answer


def request_many(
    target_ids: Sequence[int], trigger: Trigger, *, due_at: datetime | None = None
) -> list[Answer]:
    """A job for each of the targets that live; those busy are told what with."""
    with database.transaction() as session:
        answers = requests.request_many(session, target_ids, Terms(trigger, due_at=due_at))
    _ring_for(answers)
    return answers


def request_batch(
    references: Sequence[int | str], trigger: Trigger
) -> tuple[list[Answer], dict[str, str]]:
    """A job for each target named by id or name; and why not, for those that are unknown."""
    ids: list[int] = []
    unknown: dict[str, str] = {}
    with database.transaction() as session:
        for reference in references:
            try:
                ids.append(targets.find(session, reference).id)
            except TargetNotFound as error:
                unknown[str(reference)] = str(error)
    return request_many(ids, trigger), unknown


def request_all_active(trigger: Trigger) -> list[Answer]:
    """A job for each active target."""
    with database.transaction() as session:
        ids = targets.active_ids(session)
    return request_many(ids, trigger)


def request_nightly(now: datetime | None = None) -> list[Answer]:
    """The nightly job of each active target without a schedule of its own; once a night.

    Which night it is tells `now`, or else the database: a worker's clock may be wrong.
    """
    with database.transaction() as session:
        ids = targets.active_ids(session, nightly_only=True)
        night = targets.latest_nightly(now or ticks.now(session))
    return request_many(ids, Trigger.BEAT, due_at=night)


def retry(job_id: uuid.UUID, trigger: Trigger) -> Answer:
    """A new job for the target of one that ended. Raises JobNotFound, TransitionRefused."""
    with database.transaction() as session:
        answer = requests.repeat(session, job_id, trigger)
    _ring_for([answer])
    return answer


def cancel(job_id: uuid.UUID) -> Ended:
    """Ends a job for good. Raises JobNotFound, TransitionRefused."""
    with database.transaction() as session:
        ended = jobs.cancel(session, job_id)
    _clear(ended)
    return ended


def pause(job_id: uuid.UUID) -> Ended:
    """Holds a job; its frontier waits. Raises JobNotFound, TransitionRefused."""
    with database.transaction() as session:
        return jobs.pause(session, job_id)


def resume(job_id: uuid.UUID) -> Ended:
    """Lets a paused job go on. Raises JobNotFound, TransitionRefused."""
    with database.transaction() as session:
        ended = jobs.resume(session, job_id)
    follow_up(ended)
    return ended


def accept(job_id: uuid.UUID, who: str) -> None:
    """Makes what is held of a job the current data. Raises JobNotFound, TransitionRefused."""
    _decide(publishing.accept, job_id, who)


def discard(job_id: uuid.UUID, who: str) -> None:
    """Leaves aside what is held of a job. Raises JobNotFound, TransitionRefused."""
    _decide(publishing.discard, job_id, who)


def undo(job_id: uuid.UUID, who: str) -> None:
    """Holds again what was decided about. Raises JobNotFound, TransitionRefused."""
    _decide(publishing.undo, job_id, who)


def delete_target(reference: int | str, *, seen_at: datetime | None = None) -> None:
    """Deletes a target and cancels what is active of it. Raises TargetNotFound.

    With `seen_at` only as it stood then: raises TargetChanged otherwise.
    """
    with database.transaction() as session:
        target = targets.find(session, reference)
        targets.delete(session, target, seen_at=seen_at)
        cancelled = jobs.cancel_all_of(session, target.id)
    for ended in cancelled:
        _clear(ended)


def list_items(target_id: int, view: ItemView) -> int:
    """Asks for the listing of a view, made by a worker; its id. Without Redis it is not made."""
    with database.transaction() as session:
        listing_id = listings.ask(session, target_id, view)
    try:
        celery.tell("orchestrator.tasks.list_items", listing_id)
    except (KombuError, OSError) as error:
        reason = frontiers.trouble(error)
        logger.warning("Listing %s waits: %s", listing_id, reason, extra={"action": "bell_away"})
    return listing_id


def apply(plan: Plan, *, prune: bool) -> None:
    """Makes targets be as a file says, wholly or not at all; with `prune` those gone are deleted.

    Raises TargetChanged and TargetInvalid, as `manifests.applying` does.
    """
    with database.transaction() as session:
        cancelled = applying.apply(session, plan, prune=prune)
    for ended in cancelled:
        _clear(ended)


def claim(job_id: uuid.UUID, *, worker: str) -> Claim | None:
    """Takes a pending job of the queues served here for one crawl; None when none is there to take.

    What the jobs before it did not see is marked first: this one may see it again. Where the job
    wants several crawls, the first rings for the others.
    """
    absences.settle_before(job_id)
    wanting = None
    with database.transaction() as session:
        claim = jobs.claim(
            session,
            job_id,
            worker=worker,
            lease_seconds=config.get().lease_seconds,
            queues=celery.queues_served(),
        )
        if claim and claim.number == 0 and claim.places > 1:
            wanting = sharing.wanted(session, job_id, claim.places - 1)
    if wanting:
        _try_to_ring(bells_of(wanting))
    return claim


def finish(claim: Claim, end: End) -> Ended | None:
    """Writes what became of a crawl; rings again when the job should go on at once.

    Waits for a database that is away, for as long as the lease lasts; then the sweep takes over.
    """
    until = monotonic() + config.get().lease_seconds
    while True:
        try:
            ended = _finish(claim, end)
            break
        except DatabaseAway:
            if monotonic() > until:
                raise
            sleep(1)
    if ended:
        follow_up(ended)
        if ended.status is JobStatus.COMPLETED:
            _find_absences(ended.target_id)
    return ended


def _decide(verb: Callable[[Session, uuid.UUID, str], int], job_id: uuid.UUID, who: str) -> None:
    with database.transaction() as session:
        target_id = verb(session, job_id, who)
    _find_absences(target_id)


def _find_absences(target_id: int) -> None:
    """What takes longer is left to the sweep: somebody may wait for it."""
    try:
        absences.settle(target_id, seconds=_ABSENCES_SECONDS)
    except OrchestratorError as error:
        logger.warning("The sweep will look for what is gone: %s", error)


def _finish(claim: Claim, end: End) -> Ended | None:
    job_id, wait = uuid.UUID(claim.job_id), config.get().retry_seconds
    with database.transaction() as session:
        ended = endings.finish(
            session, job_id, claim.attempt, end, retry_seconds=wait, number=claim.number
        )
        if ended and ended.ring and end.reason in _STORAGE_AWAY:
            bells.ring_later(session, [job_id])
            return replace(ended, ring=False)
    return ended


def follow_up(ended: Ended) -> None:
    """What a job's new standing asks for in Redis: its frontier deleted, or its bell rung.

    Or, of a job that goes on without one of its crawls, what that one held given back.
    """
    _clear(ended)
    if ended.left:
        _give_back(ended.job_id, ended.left)
    if ended.ring:
        _try_to_ring([(ended.job_id, ended.target_id, ended.priority, ended.queue)])


def deliver_soon() -> None:
    """Has alerts delivered now; without Redis beat does it once that is back."""
    try:
        with celery.app.producer_pool.acquire(block=True, timeout=0.5) as producer:
            celery.app.send_task(
                "orchestrator.tasks.deliver_alerts",
                queue=celery.CONTROL,
                producer=producer,
                retry=False,
                ignore_result=True,
            )
    except (KombuError, OSError) as error:
        logger.warning("Alerts wait: %s", frontiers.trouble(error), extra={"action": "bell_away"})


def ring(waiting: Iterable[Bell]) -> None:
    """Says "look at job X now" for each. Raises BellAway; then the next sweep rings them."""
    waiting = list(waiting)
    try:
        _send(waiting)
    except (KombuError, OSError) as error:
        with database.transaction() as session:
            bells.ring_later(session, [job_id for job_id, *_ in waiting])
        reason = frontiers.trouble(error.__cause__ or error)
        raise BellAway(f"{reason}; the jobs start when it does.") from error


def _send(waiting: Sequence[Bell]) -> None:
    # Without an address Celery would quietly try another broker.
    config.get().require_redis_url()
    acquired = celery.app.producer_pool.acquire(block=True, timeout=0.5)
    # A trip to Redis for each took longer than all else of ten thousand bells.
    with acquired as producer, producer.batch(_BELLS_A_TRIP):
        for job_id, target_id, priority, queue in waiting:
            celery.app.send_task(
                celery.CRAWL_TASK,
                args=(target_id, str(job_id)),
                task_id=str(job_id),
                queue=str(queue),
                priority=priority,
                producer=producer,
                retry=False,
                # The job's row is the result.
                ignore_result=True,
            )


def _ring_for(answers: Iterable[Answer]) -> None:
    pending = [each for each in answers if each.started and each.status is JobStatus.PENDING]
    now = [each for each in pending if each.starts_at is None]
    _try_to_ring([(each.job_id, each.target_id, each.priority, each.queue) for each in now])


def _try_to_ring(waiting: Sequence[Bell]) -> None:
    if not waiting:
        return
    try:
        ring(waiting)
    except OrchestratorError as error:
        logger.warning("%s", error, extra={"action": "bell_away", "bells": len(waiting)})


def bells_of(wanting: Wanting) -> list[Bell]:
    """A bell for each crawl that a job wants."""
    bell = (wanting.job_id, wanting.target_id, wanting.priority, wanting.queue)
    return [bell] * wanting.missing


def _give_back(job_id: uuid.UUID, left: Leaver) -> None:
    """What Redis keeps meanwhile is taken by the others when its leases are over."""
    try:
        frontiers.leave(str(job_id), left.attempt, left.number, left_out=left.left_out)
        sites.leave(sites.crawl_name(str(job_id), left.number))
    except OrchestratorError as error:
        logger.warning("What crawl %s of job %s held waits: %s", left.number, job_id, error)


def _clear(ended: Ended) -> None:
    """Deletes the frontier of a job that ended; what Redis keeps meanwhile the sweep deletes."""
    if not ended.status.is_final:
        return
    try:
        frontiers.delete(str(ended.job_id))
    except OrchestratorError as error:
        logger.warning(
            "The frontier of job %s stays for now: %s",
            ended.job_id,
            error,
            extra={"action": "frontier_kept", "job_id": str(ended.job_id)},
        )
