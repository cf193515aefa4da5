"""Reports: errors told to Sentry, or to what speaks its language, if KUMO_SENTRY_DSN names one.

What was scraped, typed or sent along stays here. Its client collects all it can reach, so this
keeps what says where an error happened, and throws the rest away just before it is sent.
"""

import logging
from contextlib import suppress
from importlib import import_module
from typing import Any

from orchestrator import config, subjects
from orchestrator.exceptions import ConfigError
from orchestrator.ledger import secrecy

#: Imported only where somebody wants reports: it takes a third of a second.
_CLIENT = (
    "sentry_sdk",
    "sentry_sdk.integrations.argv",
    "sentry_sdk.integrations.modules",
)

#: Parts of Kumo that report.
WORKER, BEAT, DASHBOARD, CRAWLER = "worker", "beat", "dashboard", "crawler"

#: A spider may log a million errors; what is wrong is told by the first.
_MOST_OF_CRAWL = 20
_FLUSH_SECONDS = 2
_LONGEST = 300
#: Bodies, cookies and headers; accounts; arguments of tasks and commands; earlier lines and SQL.
_KEPT_HERE = ("request", "user", "extra", "breadcrumbs", "modules")
#: Who writes these lines keeps what was scraped in their arguments.
_OWN_LOGGERS = ("orchestrator", "spiders_project", "dashboard", "scrapy.", "celery")
_SPIDERS = "spiders_project.spiders"


def begin(part: str) -> None:
    """From now on errors of this process are reported, if anybody wants them.

    An error is a log line of level ERROR, or what nobody caught.
    """
    dsn = config.get().sentry_dsn
    if dsn is None:
        return
    # Only whoever reports pays for it.
    import sentry_sdk
    from sentry_sdk.integrations.argv import ArgvIntegration
    from sentry_sdk.integrations.modules import ModulesIntegration

    sentry_sdk.init(
        dsn,
        before_send=_Cleaning(part),
        integrations=_integrations(part),
        auto_enabling_integrations=False,
        disabled_integrations=[ArgvIntegration(), ModulesIntegration()],
        send_default_pii=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        shutdown_timeout=_FLUSH_SECONDS,
    )


def prepare() -> None:
    """Imports what a report needs, for a process that others are forked from."""
    with suppress(ConfigError):
        if config.get().sentry_dsn:
            for module in _CLIENT:
                import_module(module)


def note(error: BaseException) -> None:
    """Reports an error that is caught and told in another way too."""
    if config.get().sentry_dsn:
        import sentry_sdk

        sentry_sdk.capture_exception(error)


def flush() -> None:
    """Sends what is still to be sent, before a process that ends without ceremony."""
    if config.get().sentry_dsn:
        import sentry_sdk

        sentry_sdk.flush(_FLUSH_SECONDS)


def _integrations(part: str) -> list[Any]:
    if part == WORKER:
        from sentry_sdk.integrations.celery import CeleryIntegration

        return [CeleryIntegration()]
    if part == DASHBOARD:
        from sentry_sdk.integrations.flask import FlaskIntegration

        return [FlaskIntegration()]
    return []


class _Cleaning:
    """Leaves of an event what may be told, and adds whom it is about."""

    def __init__(self, part: str) -> None:
        self._part = part
        self._left = _MOST_OF_CRAWL

    def __call__(self, event: Any, hint: dict[str, Any]) -> Any:
        if self._part == CRAWLER:
            self._left -= 1
            if self._left < 0:
                return None
        for name in _KEPT_HERE:
            event.pop(name, None)
        event["tags"] = {"part": self._part, **subjects.current()}
        if "logentry" in event:
            event["logentry"] = {"message": _template(hint.get("log_record"))}
        for error in event.get("exception", {}).get("values", ()):
            error["value"] = "" if self._part == CRAWLER else _first_line(error.get("value"))
        return event


def _template(record: logging.LogRecord | None) -> str:
    """What was to be said, without what it was said of."""
    name = record.name if record else ""
    if record is None or not name.startswith(_OWN_LOGGERS) or name.startswith(_SPIDERS):
        return f"An error was logged by {name or 'somebody'}."
    return str(record.msg)[:_LONGEST] if record.args else _first_line(record.msg)


def _first_line(text: Any) -> str:
    """Further lines are a statement and its parameters."""
    return secrecy.masked_text(str(text or "").partition("\n")[0][:_LONGEST])
