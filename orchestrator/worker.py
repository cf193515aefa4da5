"""What a Celery worker does beside its tasks: sweep, warm the forkserver, take and hand back jobs.

The sweep has a thread of its own: as a task it would wait behind crawls that fill every slot.
"""

import logging
from contextlib import suppress
from threading import Event, Thread
from typing import Any
from uuid import UUID

from celery.signals import worker_init, worker_ready, worker_shutting_down
from celery.worker import state

from orchestrator import celery, config, launcher, triggers
from orchestrator.exceptions import JobNotFound, OrchestratorError, TransitionRefused
from orchestrator.sweep import sweep, take_back

logger = logging.getLogger(__name__)

_stopping = Event()
_seen_revoked: set[str] = set()


@worker_init.connect
def _take_back(sender: Any, **_: Any) -> None:
    """What we left when we were killed need not wait for its lease; before we claim anything."""
    try:
        take_back(sender.hostname, serves=launcher.is_crawler)
    except OrchestratorError as error:
        logger.warning("The sweep will recover what was left: %s", error)


@worker_ready.connect
def _begin(**_: Any) -> None:
    if celery.CRAWLS in celery.app.amqp.queues.consume_from:
        launcher.prepare()
    Thread(target=_sweep_for_ever, name="sweep", daemon=True).start()


@worker_shutting_down.connect
def _hand_back(**_: Any) -> None:
    """Crawlers are asked to stop, so that the worker's warm shutdown does not wait for crawls."""
    _stopping.set()
    launcher.stopping.set()


def _sweep_for_ever() -> None:
    while not _stopping.wait(config.get().sweep_seconds):
        try:
            _cancel_revoked()
            sweep()
        except OrchestratorError as error:
            logger.warning("The sweep waits: %s", error, extra={"action": "sweep_failed"})
        except Exception:
            # Whatever it was must not end the one thread that repairs things.
            logger.exception("The sweep failed", extra={"action": "sweep_failed"})


def _cancel_revoked() -> None:
    """`celery control revoke` of a task means its job: Celery itself would only drop the bell."""
    for task_id in set(state.revoked) - _seen_revoked:
        with suppress(JobNotFound, TransitionRefused, ValueError):
            triggers.cancel(UUID(task_id))
        _seen_revoked.add(task_id)
