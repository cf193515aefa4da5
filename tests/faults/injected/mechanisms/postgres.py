"""What lets jobs outlive a Postgres that restarts, cuts sessions off or is away."""

from types import ModuleType

from patching import replace

from mechanisms import Off


def _batches_dropped(module: ModuleType) -> None:
    def drop(self: object, error: Exception) -> None:
        self._unresolved = None  # type: ignore[attr-defined]

    replace(module.Checkpoint, "_wait_for_database", drop)


def _first_commit_last(module: ModuleType) -> None:
    async def close(self: object) -> None:
        self._task.cancel()  # type: ignore[attr-defined]
        await self._commit()  # type: ignore[attr-defined]
        self._heartbeat.stop()  # type: ignore[attr-defined]

    replace(module.Checkpoint, "close", close)


def _acknowledged_at_once(module: ModuleType) -> None:
    depart = module.Frontier.depart

    def acknowledge(self: object) -> object:
        gone = depart(self)
        module.Frontier.acknowledge(self, gone)
        return gone

    replace(module.Frontier, "depart", acknowledge)


def _unnumbered(module: ModuleType) -> None:
    check = "AND checkpoint = %(number)s - 1 "
    assert check in module._SQL
    replace(module, "_SQL", module._SQL.replace(check, ""))


OFF: Off = {
    "commits_made_again": ("spiders_project.checkpoint", _batches_dropped),
    "last_commit_awaited": ("spiders_project.checkpoint", _first_commit_last),
    "acknowledged_after_the_commit": ("spiders_project.frontier", _acknowledged_at_once),
    "checkpoint_number": ("orchestrator.ledger.checkpoints", _unnumbered),
    "trouble_told_apart": (
        "orchestrator.database",
        lambda module: replace(module, "meaning", lambda error: None),
    ),
    "expired_leases_taken_back": (
        "orchestrator.sweep",
        lambda module: replace(module, "_recover", lambda session: []),
    ),
}
