"""Starts and supervises a process that reads pages of strangers, by module name.

Selectors of people and pages of strangers are read over there, never in a worker: what takes too
long or too much memory is killed. The process is told all that it needs and answers through a pipe;
it reads and writes no table itself (a fetch asks what its site bears, as a crawl does). Its worker
checks each answer and stores it as it comes.
"""

import logging
import multiprocessing
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from time import monotonic
from typing import Any

import psutil

from orchestrator import config, forked, launcher
from orchestrator.exceptions import OrchestratorError
from orchestrator.frames import Frames, NoFrame
from orchestrator.ledger import answers
from orchestrator.ledger.answers import Said

logger = logging.getLogger(__name__)

_WATCH_SECONDS = 0.1
TOO_LONG = "too_long"

#: Of one answer: previews of four pages full of long texts, and a page of 5 MB that cannot be
#: compressed.
_MOST_TOLD, _MOST_BODY = 16 * 1024 * 1024, 6 * 1024 * 1024
#: As much as a pipe holds.
_AT_ONCE = 65_536


@dataclass(frozen=True, slots=True)
class Reader:
    """A process to be: what to import, what its `main` is told, how long it may take.

    The last that `main` is told is the pipe for its answers.
    """

    module: str
    arguments: tuple[Any, ...]
    seconds: float
    name: str


def run(reader: Reader, listen: "Callable[[Reading], None]") -> str | None:
    """A word for what went wrong, unless the process has said all that `listen` wants to hear."""
    launcher.prepare()
    # The context that the launcher prepared: there is one in a process.
    context = multiprocessing.get_context("forkserver")
    heard, told = context.Pipe(duplex=False)
    arguments = (reader.module, (*reader.arguments, told))
    process = context.Process(target=forked.begin, args=arguments, name=reader.name)
    with heard:
        try:
            process.start()
        except (OSError, EOFError):
            return "broken"
        finally:
            told.close()
        return _verdict(reader, Reading(process, heard, reader.seconds), listen)


def _verdict(reader: Reader, reading: "Reading", listen: "Callable[[Reading], None]") -> str | None:
    try:
        listen(reading)
        reading.await_end()
    except _Ended as ended:
        return ended.word
    except (OrchestratorError, NoFrame) as error:
        logger.warning(
            "The process of %s: what it said is not stored. %s",
            reader.name,
            error,
            extra={"action": "answer_refused"},
        )
        return "broken"
    except Exception:
        # Whatever a page has led to, whoever waits for the answer is told that there is none.
        logger.exception(
            "The process of %s: what it said cannot be stored",
            reader.name,
            extra={"action": "answer_refused"},
        )
        return "broken"
    finally:
        reading.end()
    return None


class _Ended(Exception):  # never leaves this module
    """The process has to go, or is gone too early."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


class Reading:
    """A process at work: its limits, its answers and its end."""

    def __init__(
        self, process: BaseProcess, pipe: "Connection[bytes, bytes]", seconds: float
    ) -> None:
        self._process, self._pipe = process, pipe
        self._deadline = monotonic() + seconds
        self._most_memory = config.get().job_memory_mb * 1024 * 1024
        self._frames = Frames(_MOST_TOLD, _MOST_BODY)

    def hear(self, *shapes: type[Said]) -> Said:
        """Waits for its next answer, which must be one of these.

        What is raised where none comes is for `run`.
        """
        while (frame := self._frames.next()) is None:
            if not self._take_in():
                raise _Ended("broken")
        return answers.read(frame, shapes)

    def await_end(self) -> None:
        """It has nothing more to say."""
        while not self._frames and self._take_in():
            pass
        while not self._frames and self._process.exitcode is None:
            self._wait(self._process.sentinel)
        if self._frames or self._process.exitcode:
            raise _Ended("broken")

    def end(self) -> None:
        """It, and what it started and left."""
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        if self._process.pid is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.close()

    def _take_in(self) -> bool:
        """Takes what has come within a moment; False when nothing can come any more.

        Never waits for the rest of something: it may not come.
        """
        ready = self._wait(self._pipe, self._process.sentinel)
        # It may have spoken and ended between two glances.
        if self._pipe in ready or (ready and self._pipe.poll()):
            some = os.read(self._pipe.fileno(), _AT_ONCE)
            self._frames.add(some)
            return bool(some)
        return not ready

    def _wait(self, *sources: Any) -> list[Any]:
        if word := self._trouble():
            raise _Ended(word)
        return wait(sources, _WATCH_SECONDS)

    def _trouble(self) -> str | None:
        if monotonic() > self._deadline:
            return TOO_LONG
        if launcher.stopping.is_set():
            return "stopped"
        return "too_much_memory" if self._memory() > self._most_memory else None

    def _memory(self) -> int:
        with suppress(psutil.Error):
            return int(psutil.Process(self._process.pid).memory_info().rss)
        return 0
