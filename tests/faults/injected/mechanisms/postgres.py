"""What lets jobs outlive a Postgres that restarts, cuts sessions off or is away."""

from types import ModuleType

from patching import replace

from mechanisms import Off


def _batches_dropped(module: ModuleType) -> None:
    def drop(self: object, error: Exception) -> None:
        self._unresolved = None  # type: ignore[attr-defined]

    replace(module.Checkpoint, "_wait_for_database", drop)


def _none_at_the_end(module: ModuleType) -> None:
    async def close(self: object) -> None:
        self._task.cancel()  # type: ignore[attr-defined]
        self._heartbeat.stop()  # type: ignore[attr-defined]

    replace(module.Checkpoint, "close", close)


def _unnumbered(module: ModuleType) -> None:
    check = "AND checkpoint = %(number)s - 1 "
    assert check in module._SQL
    replace(module, "_SQL", module._SQL.replace(check, ""))


OFF: Off = {
    "commits_made_again": ("spiders_project.checkpoint", _batches_dropped),
    "last_commit": ("spiders_project.checkpoint", _none_at_the_end),
    "checkpoint_number": ("orchestrator.ledger.checkpoints", _unnumbered),
    "trouble_told_apart": (
        "orchestrator.driver",
        lambda module: replace(module, "meaning", lambda error: None),
    ),
}
