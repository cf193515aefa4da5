"""What a Celery worker does beside its tasks: sweep, prepare crawlers, take and hand back jobs.

The sweep has a thread of its own: as a task it would wait behind crawls that fill every slot.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from typing import Any
from uuid import UUID

from celery.signals import worker_init, worker_ready, worker_shutdown, worker_shutting_down
from celery.worker import state

from orchestrator import celery, chromium, config, launcher, triggers
from orchestrator.exceptions import (
    BrowserMissing,
    JobNotFound,
    OrchestratorError,
    TransitionRefused,
)
from orchestrator.presence import Presence
from orchestrator.sweep import sweep, take_back

logger = logging.getLogger(__name__)

_stopping, _gone = Event(), Event()
_seen_revoked: set[str] = set()


@worker_init.connect
def _be_ready_to_render(sender: Any, **_: Any) -> None:
    """Whoever serves the queue of pages that need a browser has to have one."""
    served = celery.kinds_served()
    if celery.BROWSER not in served:
        return
    try:
        chromium.require()
    except BrowserMissing as error:
        raise SystemExit(f"This worker cannot serve the queue {celery.BROWSER}: {error}") from error
    settings = config.get()
    # Without --concurrency it is the other crawls' number.
    if celery.CRAWLS not in served and sender.concurrency == settings.slots:
        sender.concurrency = settings.browser_slots


@worker_init.connect
def _take_back(sender: Any, **_: Any) -> None:
    """What we left when we were killed need not wait for its lease; before we claim anything."""
    try:
        take_back(sender.hostname, serves=launcher.is_crawler)
    except OrchestratorError as error:
        logger.warning("The sweep will recover what was left: %s", error)


@worker_ready.connect
def _begin(sender: Any, **_: Any) -> None:
    if celery.CRAWLS in celery.kinds_served():
        # A browser takes a second anyway, so a worker that only renders holds no memory ready.
        launcher.prepare()
    shown = Presence(sender.hostname, sender.controller.concurrency)
    Thread(target=_sweep_for_ever, args=[shown], name="sweep", daemon=True).start()


@worker_shutting_down.connect
def _hand_back(**_: Any) -> None:
    """Crawlers are asked to stop, so that the worker's warm shutdown does not wait for crawls."""
    _stopping.set()
    launcher.stopping.set()


@worker_shutdown.connect
def _leave(**_: Any) -> None:
    """The sweep's thread may still say that we stop; a database that is away does not keep us."""
    _stopping.set()
    _gone.wait(timeout=2)


def _sweep_for_ever(shown: Presence) -> None:
    _take(shown.show)
    Thread(target=shown.learn_spiders, name="spiders", daemon=True).start()
    while not _stopping.wait(config.get().sweep_seconds):
        for step in (shown.show, _cancel_revoked, sweep):
            _take(step)
    _take(shown.end)
    _gone.set()


def _take(step: Callable[[], object]) -> None:
    try:
        step()
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
