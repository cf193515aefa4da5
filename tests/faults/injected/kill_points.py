"""Places in the product at which a process dies, once for each time that the place is armed.

A point is armed by a file of its name in the folder; it holds how many passes are let go before.
Whoever renames that file dies by it: of many processes exactly one.
"""

import os
import signal
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Any

from patching import after_import, replace

#: What a file is called once its point has killed; it holds who died.
TAKEN = ".taken"


class _Here:
    """What this process knows."""

    folder: Path
    #: Whether its crawl has queued links, and whether its last commit held items.
    pushed = with_items = False


def lie_in_wait(folder: str) -> None:
    """Has the points watched in this process and in all that it starts."""
    _Here.folder = Path(folder)
    for module_name, place in _PLACES.items():
        after_import(module_name, place)


def passed(point: str) -> None:
    """Ends this process as a kill does, if the point is armed and no pass is left."""
    armed = _Here.folder / point
    try:
        if left := int(armed.read_text()):
            _put(armed, left - 1)
            return
        armed.rename(armed.with_suffix(TAKEN))
    except FileNotFoundError:
        return
    _put(armed.with_suffix(TAKEN), os.getpid())
    os.kill(os.getpid(), signal.SIGKILL)


def _put(file: Path, number: int) -> None:
    new = file.with_suffix(f".{os.getpid()}")
    new.write_text(str(number))
    new.rename(file)


def _before(owner: object, name: str, point: str, when: Callable[..., object]) -> None:
    original = getattr(owner, name)

    @wraps(original)
    def call(*args: Any, **options: Any) -> Any:
        if when(*args, **options):
            passed(point)
        return original(*args, **options)

    replace(owner, name, call)


def _after(owner: object, name: str, point: str, when: Callable[[Any], object]) -> None:
    original = getattr(owner, name)

    @wraps(original)
    def call(*args: Any, **options: Any) -> Any:
        answer = original(*args, **options)
        if when(answer):
            passed(point)
        return answer

    replace(owner, name, call)


def _always(*_: object, **__: object) -> bool:
    return True


def _triggers(module: ModuleType) -> None:
    _before(module, "_ring_for", "before_the_bell", _always)
    _after(module, "_ring_for", "after_the_bell", _always)
    _after(module, "claim", "after_the_claim", lambda claim: claim is not None)
    _before(module, "finish", "before_the_finish", lambda _, end: end.ending == "completed")
    _before(module, "follow_up", "after_the_finish", lambda ended: ended.status.is_final)
    _before(module, "_clear", "after_a_cancel", lambda ended: ended.status.is_final)


def _leases(module: ModuleType) -> None:
    travel = module.LeaseBook.travel

    @wraps(travel)
    def noted(self: Any, trip: Any, **options: Any) -> Any:
        answer = travel(self, trip, **options)
        _Here.pushed = _Here.pushed or bool(trip.pushes)
        return answer

    replace(module.LeaseBook, "travel", noted)
    _after(module.LeaseBook, "travel", "after_taking_requests", lambda answer: answer.taken)


def _checkpoints(module: ModuleType) -> None:
    commit = module.CheckpointWriter.commit

    @wraps(commit)
    def noted(self: Any, batch: Any) -> Any:
        if _Here.pushed and batch.items:
            passed("before_the_commit")
        answer = commit(self, batch)
        _Here.with_items = bool(batch.items)
        return answer

    replace(module.CheckpointWriter, "commit", noted)


def _frontier(module: ModuleType) -> None:
    _before(
        module.Frontier,
        "acknowledge",
        "before_the_acknowledgement",
        lambda _, request_ids: request_ids and _Here.with_items,
    )


def _crawl(module: ModuleType) -> None:
    _before(module, "_tell", "before_the_last_word", lambda _, end: end.ending == "completed")


def _checkpoint(module: ModuleType) -> None:
    _before(module.Checkpoint, "_obey", "obeying_a_cancel", lambda _, requested: requested)


def _cleanup(module: ModuleType) -> None:
    _before(module, "_run", "between_two_batches", _always)


_PLACES: dict[str, Callable[[ModuleType], None]] = {
    "orchestrator.triggers": _triggers,
    "orchestrator.ledger.checkpoints": _checkpoints,
    "orchestrator.ledger.cleanup.batches": _cleanup,
    "spiders_project.leases": _leases,
    "spiders_project.frontier": _frontier,
    "spiders_project.checkpoint": _checkpoint,
    "spiders_project.crawl": _crawl,
}
