"""Another installation of Kumo on the same two servers, for a question that fills its tables.

It has a database and a number in Redis of its own, so no worker of others sees its jobs; and a
process of its own, since the engine and the Celery app of a process know one address each.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import ParamSpec, TypeVar

import psutil

from benchmarks.installation import MIGRATED, Installation, execute

Given = ParamSpec("Given")
Answer = TypeVar("Answer")

#: Redis has sixteen numbers; Kumo's and the rivals' are 0 and 1.
_FIRST_NUMBER = 2


@dataclass(frozen=True)
class Beside:
    """An installation that is asked from within."""

    #: What its processes are started with.
    environment: dict[str, str]
    _process: ProcessPoolExecutor

    @property
    def database_url(self) -> str:
        return self.environment["DATABASE_URL"]

    def worker(self, installation: Installation, name: str) -> psutil.Process:
        """A worker of this installation, the same for all who ask by that name."""
        worker = partial(installation.kumo_worker_apart, name, self.environment)
        return installation.shared(name, worker)

    def ask(
        self, function: Callable[Given, Answer], *args: Given.args, **kwargs: Given.kwargs
    ) -> Answer:
        """What a function of some module answers there."""
        return self._process.submit(function, *args, **kwargs).result()


def opened(installation: Installation, name: str, *, served: bool = False) -> Beside:
    """The one of that name, the same for all who ask.

    In the quick form there are two only: one that is `served` by a worker, and one that is not.
    """
    if installation.quick:
        name = "served" if served else "unserved"
    return installation.shared(f"beside {name}", lambda: _opened(installation, name))


def made(name: str) -> str:
    """The address of a new database of that name, as migrations leave it."""
    url = os.environ["DATABASE_URL"]
    execute(url, f'CREATE DATABASE "{name}" TEMPLATE {MIGRATED}')
    return f"{url.rpartition('/')[0]}/{name}"


@contextmanager
def _opened(installation: Installation, name: str) -> Iterator[Beside]:
    number = installation.shared("numbers", _numbers)
    number.append(_FIRST_NUMBER + len(number))
    environment = {
        "DATABASE_URL": made(name),
        "REDIS_URL": f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{number[-1]}",
    }
    with ProcessPoolExecutor(
        1, multiprocessing.get_context("spawn"), initializer=_enter, initargs=(environment,)
    ) as process:
        yield Beside(environment, process)


@contextmanager
def _numbers() -> Iterator[list[int]]:
    yield []


def _enter(environment: dict[str, str]) -> None:
    os.environ.update(environment)
