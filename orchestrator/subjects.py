"""Subjects: the job and the target that this thread is at, for log lines and error reports.

A line about a lost connection does not know for whom it was made. Whoever runs the process does: a
crawler serves one job, a worker has a task at hand, a dashboard a request.
"""

from collections.abc import Callable, Mapping

#: An id, as a number or as text.
Id = int | str
Source = Callable[[], Mapping[str, Id]]

_sources: list[Source] = []


def are_known_by(source: Source) -> None:
    """Who is asked, each time, what the thread that asks is at."""
    if source not in _sources:
        _sources.append(source)


def current() -> dict[str, Id]:
    return {name: value for source in _sources for name, value in source().items()}
