"""What keeps a job's log, and whoever prints, within bounds."""

from types import ModuleType

from patching import replace

from mechanisms import Off


def _without_cap(module: ModuleType) -> None:
    begin = module.JobLog.__init__

    def with_room_for_all(log: object, most: int, *rest: object) -> None:
        begin(log, 1_000 * most, *rest)

    replace(module.JobLog, "__init__", with_room_for_all)


def _errors_counted_as_kept(module: ModuleType) -> None:
    emit = module.JobLog.emit

    def only_kept(log: object, record: object) -> None:
        if log._used < log._most:  # type: ignore[attr-defined]
            emit(log, record)

    replace(module.JobLog, "emit", only_kept)


def _with_echo(module: ModuleType) -> None:
    class Forgetful:
        """What a stream notes here is gone at once."""

        def __setattr__(self, name: str, value: object) -> None:
            """Nothing is kept."""

    replace(module, "_here", Forgetful())


OFF: Off = {
    "log_cap": ("spiders_project.job_log", _without_cap),
    "silence_beyond_the_cap": (
        "spiders_project.job_log",
        lambda module: replace(module.JobLog, "_make_no_more", lambda log: None),
    ),
    "errors_beyond_the_cap": ("spiders_project.job_log", _errors_counted_as_kept),
    "bounded_lines": (
        "spiders_project.job_log",
        lambda module: replace(module, "_LONGEST_MESSAGE", 100_000_000),
    ),
    "printed_lines": (
        "spiders_project.printed",
        lambda module: replace(module, "become_log_lines", lambda: None),
    ),
    "no_echo_of_an_echo": ("spiders_project.printed", _with_echo),
}
