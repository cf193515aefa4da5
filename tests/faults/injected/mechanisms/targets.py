"""What protects the site from a page, and the other targets from a spider, that does harm."""

from types import ModuleType, SimpleNamespace
from typing import Any

from patching import replace

from mechanisms import Off


def _nothing(*_: object, **__: object) -> None:
    """Stands where something was done."""


def _pages_that_raise_forgotten(middlewares: ModuleType) -> None:
    replace(middlewares.GiveUpPages, "spider_error", _nothing)


def _no_page_charged(launcher: ModuleType) -> None:
    replace(launcher, "_with_page", lambda end, named: end)


def _any_silence_is_success(launcher: ModuleType) -> None:
    end = launcher.End(launcher.Ending.COMPLETED, "silent")
    replace(launcher, "_without_a_word", lambda *_: end)


def _status_0_is_success(launcher: ModuleType) -> None:
    without_a_word = launcher._without_a_word
    end = launcher.End(launcher.Ending.COMPLETED, "finished")
    replace(
        launcher,
        "_without_a_word",
        lambda code, *rest: without_a_word(code, *rest) if code else end,
    )


def _no_watchdog(crawl: ModuleType) -> None:
    silent = SimpleNamespace(
        enable=_nothing, dump_traceback_later=_nothing, cancel_dump_traceback_later=_nothing
    )
    replace(crawl, "faulthandler", silent)


def _no_heartbeat(heartbeat: ModuleType) -> None:
    replace(heartbeat.Heartbeat, "start", _nothing)


def _failures_not_counted(endings: ModuleType) -> None:
    replace(endings, "_failures", lambda *_, **__: endings.ScrapingJob.failures.expression)


def _constructors_unnamed(crawl: ModuleType) -> None:
    end = crawl.End(crawl.Ending.BROKEN, "crawler_error", "It failed.")
    replace(crawl, "_wrong_arguments", lambda error: end)


def _errors_in_start_forgotten(proof: ModuleType) -> None:
    def after_close(self: Any, reason: str) -> Any:
        return self._ended(proof.Ending.COMPLETED, reason)

    replace(proof.Proof, "_after_close", after_close)


def _scrapys_own_loader(settings: ModuleType) -> None:
    replace(settings, "SPIDER_LOADER_CLASS", "scrapy.spiderloader.SpiderLoader")


class _Meek:
    """Settings in which whatever is set gives way to the spider's own."""

    def __init__(self, settings: Any) -> None:
        self._settings = settings

    def __getattr__(self, name: str) -> Any:
        return getattr(self._settings, name)

    def __getitem__(self, name: str) -> Any:
        return self._settings[name]

    def set(self, name: str, value: Any, priority: str) -> None:
        self._settings.set(name, value, "project")

    def setdict(self, values: Any, priority: str) -> None:
        self._settings.setdict(values, "project")


def _record_below(recording: ModuleType) -> None:
    update = recording.Recording.update_settings
    replace(
        recording.Recording,
        "update_settings",
        lambda self, settings: update(self, _Meek(settings)),
    )


def _ends_as_python_ends(crawl: ModuleType) -> None:
    """The interpreter waits for threads that a spider left behind."""

    def tell(report_fd: int, end: Any) -> None:
        crawl.faulthandler.cancel_dump_traceback_later()
        crawl.os.write(report_fd, b"\n" + crawl.orjson.dumps(crawl.asdict(end)) + b"\n")
        raise SystemExit(0)

    replace(crawl, "_tell", tell)


def _a_signal_is_the_end(proof: ModuleType) -> None:
    _errors_in_start_forgotten(proof)


OFF: Off = {
    "quitting_is_an_error": (
        "spiders_project.running",
        lambda module: replace(module, "SpiderQuit", SystemExit),
    ),
    "giving_up_pages_that_raise": ("spiders_project.middlewares", _pages_that_raise_forgotten),
    "charging_pages": ("orchestrator.launcher", _no_page_charged),
    "no_word_is_no_success": ("orchestrator.launcher", _any_silence_is_success),
    "exit_status_0_is_no_success": ("orchestrator.launcher", _status_0_is_success),
    "stopping_what_does_not_return": ("spiders_project.crawl", _no_watchdog),
    "heartbeat_while_blocked": ("spiders_project.heartbeat", _no_heartbeat),
    "counting_failures": ("orchestrator.ledger.endings", _failures_not_counted),
    "constructors_named": ("spiders_project.crawl", _constructors_unnamed),
    "errors_in_start": ("spiders_project.proof", _errors_in_start_forgotten),
    "hearing_the_signal": ("spiders_project.proof", _a_signal_is_the_end),
    "a_forgiving_loader": ("spiders_project.settings", _scrapys_own_loader),
    "record_beside_their_addons": (
        "spiders_project.crawl",
        lambda module: replace(module, "_keep_the_record", _nothing),
    ),
    "record_on_top": ("spiders_project.recording", _record_below),
    "leaving_at_once": ("spiders_project.crawl", _ends_as_python_ends),
}
