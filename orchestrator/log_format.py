"""How log lines are written to a process's output: as text, or each as a JSON object.

JSON is for programs that collect logs. The standard library's loggers stay what they are, so that
Celery, gunicorn and whatever else logs here is written alike; secrets that libraries put into
addresses are masked on the way.
"""

import logging
from datetime import UTC, datetime
from typing import Any

import orjson

from orchestrator import config, subjects
from orchestrator.exceptions import ConfigError
from orchestrator.ledger import secrecy

_LONGEST = 10_000
#: What every record has; what else there is was given with `extra`.
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
#: Celery gives what it knows of a task under this name, arguments and all.
_TASK = "data"
#: The bell of a job has the job's own id.
CRAWL_TASK = "orchestrator.tasks.scrape_target"


class JsonLines(logging.Formatter):
    """One object a line: time, level, logger, message, whom it is about, and what `extra` said."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
            **subjects.current(),
            **_extra(record),
        }
        if record.exc_info and record.exc_info[0]:
            told["exception"] = self.formatException(record.exc_info)
        return orjson.dumps({name: _plain(name, value) for name, value in told.items()}).decode()


def is_json() -> bool:
    """False as well where the environment is wrong: to say so is not up to the log."""
    try:
        return config.get().log_format == "json"
    except ConfigError:
        return False


def begin() -> None:
    """This process writes what is logged, if it is to be JSON; text is as Python has it."""
    if is_json():
        handler = logging.StreamHandler()
        handler.setFormatter(JsonLines())
        logging.basicConfig(level=logging.INFO, handlers=[handler])
        logging.captureWarnings(True)


def dress(*loggers: logging.Logger) -> None:
    """What writes for these loggers writes as is asked for."""
    if is_json():
        for handler in (each for logger in loggers for each in logger.handlers):
            handler.setFormatter(JsonLines())


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001  # a line that cannot be put into words is a line all the same
        return str(record.msg)


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    extra = {name: value for name, value in vars(record).items() if name not in _USUAL}
    task = extra.pop(_TASK, None)
    if isinstance(task, dict) and "id" in task:
        extra |= {"task_id": task["id"], "task": task.get("name")}
        if task.get("name") == CRAWL_TASK:
            extra.setdefault("job_id", task["id"])
    return extra


def _plain(name: str, value: Any) -> Any:
    """What JSON can hold, without secrets."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    if secrecy.is_secret(name):
        return secrecy.MASK
    return secrecy.masked_text(str(value)[:_LONGEST]).encode(errors="replace").decode()
