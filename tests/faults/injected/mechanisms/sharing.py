"""What lets a job lose some of its crawlers and keep the others."""

from types import ModuleType

from patching import replace

from mechanisms import Off


def _left_for_the_others(module: ModuleType) -> None:
    leave = module.leave

    def leave_all(job_id: str, attempt: int, number: int, **_: object) -> object:
        return leave(job_id, attempt, number)

    replace(module, "leave", leave_all)


OFF: Off = {
    "joining": (
        "orchestrator.ledger.sharing",
        lambda module: replace(module, "join", lambda *_, **__: None),
    ),
    "charged_pages_taken_by_nobody": ("orchestrator.frontiers", _left_for_the_others),
    "limits_of_the_job": (
        "spiders_project.checkpoint",
        lambda module: replace(module.Checkpoint, "_limit_met", lambda *_: None),
    ),
}
