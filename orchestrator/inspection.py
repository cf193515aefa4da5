"""What answers through Redis at this moment: which workers, what they do, how many bells wait.

Rows say what a worker wrote; only asking shows that bells reach it. To ask takes as long as the
slowest takes to answer, so the whole look has a limit, and what came in time is what it found.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

from kombu.exceptions import KombuError

from orchestrator import celery, config, frontiers
from orchestrator.exceptions import BellAway, OrchestratorError, Sentence

#: What connecting and counting may take on top of the answers.
_MARGIN_SECONDS = 0.3
#: So many queues are counted beside those that are always there.
_MOST_QUEUES = 50

_NO_ANSWER = Sentence("Redis does not answer in time.")


@dataclass(frozen=True, slots=True)
class Doing:
    """A task that a worker is at; that of a crawl has the id of its job."""

    task_id: str
    task: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in time."""

    #: By the name of each worker that answered.
    workers: Mapping[str, Sequence[Doing]]
    #: Messages that wait, by queue; empty when Redis did not say.
    queues: Mapping[str, int]
    #: Why there is less than there might be, in a sentence.
    trouble: str | None


@dataclass(slots=True)
class _Found:
    """What has come so far; the thread that asks may be stuck for ever."""

    workers: dict[str, list[Doing]] = field(default_factory=dict)
    queues: dict[str, int] = field(default_factory=dict)
    trouble: str | None = None
    done: Event = field(default_factory=Event)

    def take(self, reply: Mapping[str, Any]) -> None:
        for name, tasks in reply.items():
            self.workers[name] = [_doing(task) for task in tasks if isinstance(task, dict)]


def look(
    timeout: float = 0.5, *, expected: int | None = None, queues: Iterable[str] = ()
) -> Inspection:
    """Asks Redis and the workers; ends early once as many as `expected` have answered.

    Of 0 workers nobody is asked, and the answer takes a millisecond or two. What waits in `queues`
    is counted too: there is no list of those for worker tags.

    Never raises, and never takes longer than the timeout and a little.
    """
    found = _Found()
    asked = [found, timeout, expected, _queues(queues)]
    Thread(target=_ask, args=asked, name="inspection", daemon=True).start()
    in_time = found.done.wait(timeout + _MARGIN_SECONDS)
    late = None if in_time or found.queues else _NO_ANSWER
    return Inspection(dict(found.workers), dict(found.queues), found.trouble or late)


def queue_length(queue: str) -> int:
    """Messages that wait in a queue, of all priorities. Raises BellAway."""
    with celery.app.connection_for_read() as connection:
        return _length(connection, queue)


def _queues(named: Iterable[str]) -> list[str]:
    always = (celery.CRAWLS, celery.BROWSER, celery.CONTROL)
    return [*always, *sorted(set(named).difference(always))[:_MOST_QUEUES]]


def _ask(found: _Found, timeout: float, expected: int | None, queues: Iterable[str]) -> None:
    try:
        config.get().require_redis_url()
        limits = {"socket_timeout": timeout, "socket_connect_timeout": timeout}
        with celery.app.connection_for_read(transport_options=limits) as connection:
            for queue in queues:
                found.queues[queue] = _length(connection, queue)
            if expected != 0:
                _ask_workers(found, connection, timeout, expected)
    except OrchestratorError as error:
        found.trouble = error.args[0]
    finally:
        found.done.set()


def _ask_workers(found: _Found, connection: Any, timeout: float, expected: int | None) -> None:
    try:
        celery.app.control.inspect(
            connection=connection, timeout=timeout, limit=expected, callback=found.take
        ).active()
    except (
        KombuError,
        *connection.connection_errors,
        *connection.channel_errors,
        OSError,
    ) as error:
        raise BellAway(f"{frontiers.trouble(error)}.") from error


def _length(connection: Any, queue: str) -> int:
    try:
        declared = connection.default_channel.queue_declare(queue, passive=True)
        return int(declared.message_count)
    except connection.channel_errors:
        # Nobody has declared the queue yet, so nothing waits in it.
        return 0
    except (KombuError, *connection.connection_errors, OSError) as error:
        raise BellAway(f"{frontiers.trouble(error)}.") from error


def _doing(task: Mapping[str, Any]) -> Doing:
    began = task.get("time_start")
    return Doing(
        str(task.get("id", "")),
        str(task.get("name", "")).rpartition(".")[2],
        datetime.fromtimestamp(began, UTC) if isinstance(began, int | float) else None,
    )
