"""What protects jobs whose processes are killed, stopped or told to stop."""

import re
from types import ModuleType

from patching import after_import, replace

from mechanisms import Off


def _nothing(*_: object, **__: object) -> None:
    """Stands where something was done."""


def _without_recovery(sweep: ModuleType) -> None:
    replace(sweep, "_recover", lambda session: [])


def _without_worker_watch(worker_watch: ModuleType) -> None:
    replace(worker_watch, "begin", _nothing)


def _without_causes(launcher: ModuleType) -> None:
    end, ending = launcher.End, launcher.Ending
    replace(launcher, "_without_a_word", lambda *_: end(ending.BROKEN, "failed", "It failed."))


def _without_memory_limit(launcher: ModuleType) -> None:
    replace(launcher._Supervision, "_memory", lambda self: 0)


def _without_end_of_orphans(launcher: ModuleType) -> None:
    replace(launcher._Supervision, "_end_orphan", _nothing)


def _without_handing_back(worker: ModuleType) -> None:
    worker.worker_shutting_down.disconnect(worker._hand_back)


def _without_killing(launcher: ModuleType) -> None:
    replace(launcher, "_GRACE_SECONDS", 3_600)


def _without_fence(checkpoints: ModuleType) -> None:
    fence = r"\s+AND ended_at IS NULL\s+AND EXISTS \(SELECT FROM scraping_jobs.*?'running'\)"
    unfenced, found = re.subn(fence, "", checkpoints._SQL, count=1, flags=re.DOTALL)
    if not found:
        raise LookupError("the checkpoint's statement has no fence of the known form")
    replace(checkpoints, "_SQL", unfenced)
    # One that wakes up might end by its own clock before it comes to the fence.
    after_import("spiders_project.heartbeat", _without_heartbeat)


def _without_heartbeat(heartbeat: ModuleType) -> None:
    replace(heartbeat.Heartbeat, "start", _nothing)


def _without_an_end_of_idleness(driver: ModuleType) -> None:
    replace(driver, "_IDLE_AT_MOST", "")


OFF: Off = {
    "taking_back_lost_crawls": ("orchestrator.sweep", _without_recovery),
    "watching_the_worker": ("spiders_project.worker_watch", _without_worker_watch),
    "causes_of_death": ("orchestrator.launcher", _without_causes),
    "memory_limit": ("orchestrator.launcher", _without_memory_limit),
    "ending_orphans": ("orchestrator.launcher", _without_end_of_orphans),
    "handing_back": ("orchestrator.worker", _without_handing_back),
    "killing_the_deaf": ("orchestrator.launcher", _without_killing),
    "ending_transactions_of_sleepers": ("orchestrator.driver", _without_an_end_of_idleness),
    "the_fence": ("orchestrator.ledger.checkpoints", _without_fence),
}
