"""What LogParser would find in the logs, told from the ledger, which has counted it already.

ScrapydWeb asks for it to show counts and charts, and looks at nothing of another version than its
own: ScrapydWeb 1.6.0 brings 0.8.4, whose output is that of 0.8.2.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from logging import CRITICAL, ERROR, WARNING
from typing import Any

from dashboard.scrapyd import texts, words
from orchestrator.ledger import history, logs, progress
from orchestrator.ledger.logs import LogFilter, ShownLine
from orchestrator.ledger.models import ScrapingJob
from orchestrator.ledger.progress import Step
from orchestrator.ledger.scrapyd_jobs import ClientJob

VERSION = "0.8.4"
_NONE = "N/A"
_HEAD, _TAIL, _MOST_LETTERS = 100, 200, 50_000
#: Of each category the last few are told in full.
_LOOKED_AT, _MOST_DETAILS = 100, 10
_LEVELS = {"critical_logs": CRITICAL, "error_logs": ERROR, "warning_logs": WARNING}
_COUNTED = {"retry_logs": "retry/count", "ignore_logs": "httperror/response_ignored_count"}
_MATCHES = (
    "scrapy_version", "telnet_console", "telnet_username", "telnet_password", "resuming_crawl",
    "latest_offsite", "latest_duplicate", "latest_crawl", "latest_scrape", "latest_item",
    "latest_stat",
)  # fmt: skip


def of_all(jobs: Iterable[ClientJob], now: datetime) -> dict[str, Any]:
    """`stats.json`: the counts of each job."""
    spiders: dict[str, dict[str, Any]] = {}
    for job in jobs:
        spiders.setdefault(job.spider, {})[job.jobid] = _counts(job, now)
    return {
        "status": "ok",
        "datas": {words.PROJECT: spiders} if spiders else {},
        "settings_py": "",
        "settings": {},
        **_made(now),
    }


def of_job(session: Any, job: ClientJob, now: datetime) -> dict[str, Any]:
    """`<job>.json`: all that is told of one job that has begun."""
    row, _ = history.one(session, job.id)
    steps = progress.steps(session, row)
    return {
        "log_path": "",
        "json_path": "",
        "json_url": "",
        "size": 0,
        "position": 0,
        "status": "ok",
        **_text(session, row),
        **_counts(job, now),
        **_stamps(row, steps, now),
        "datas": _datas(steps),
        "latest_matches": dict.fromkeys(_MATCHES, ""),
        "log_categories": _categories(session, row),
        "crawler_stats": _crawler_stats(row, now),
        "crawler_engine": {},
        **_made(now),
    }


def _counts(job: ClientJob, now: datetime) -> dict[str, Any]:
    return {
        "pages": job.pages,
        "items": job.items,
        "first_log_time": words.second(job.started_at) or _NONE,
        "latest_log_time": words.second(job.completed_at or now),
        "runtime": words.runtime(job, now) or _NONE,
        "shutdown_reason": _NONE,
        "finish_reason": job.finish_reason if job.completed_at else _NONE,
        "last_update_time": words.second(job.completed_at or now),
    }


def _text(session: Any, job: ScrapingJob) -> dict[str, str]:
    head = logs.chunk(session, job.id, LogFilter())[:_HEAD]
    tail = logs.last(session, job.id, most=_TAIL)
    return {
        "head": "".join(map(texts.line, head))[:_MOST_LETTERS],
        "tail": "".join(map(texts.line, tail))[-_MOST_LETTERS:],
    }


def _stamps(job: ScrapingJob, steps: Sequence[Step], now: datetime) -> dict[str, int]:
    crawled = [step.began_at for step in steps if step.pages]
    scraped = [step.began_at for step in steps if step.items]
    return {
        "first_log_timestamp": _stamp(job.started_at),
        "latest_log_timestamp": _stamp(job.completed_at or now),
        "latest_crawl_timestamp": _stamp(crawled[-1] if crawled else None),
        "latest_scrape_timestamp": _stamp(scraped[-1] if scraped else None),
    }


def _datas(steps: Sequence[Step]) -> list[list[Any]]:
    """Pages and items until each moment, and how many a minute just then."""
    pages = items = 0
    rows: list[list[Any]] = []
    for step in steps:
        pages, items = pages + step.pages, items + step.items
        a_minute = [round(count * 60 / step.seconds) for count in (step.pages, step.items)]
        rows.append([words.second(step.began_at), pages, a_minute[0], items, a_minute[1]])
    return rows


def _categories(session: Any, job: ScrapingJob) -> dict[str, Any]:
    number = logs.by_level(session, job.id)
    shown = logs.page(session, job.id, LogFilter(WARNING), most=_LOOKED_AT).lines
    found = {
        name: _category(number.get(level, 0), [line for line in shown if line.level == level])
        for name, level in _LEVELS.items()
    }
    redirects = (n for key, n in job.stats.items() if _is_redirect(key) and isinstance(n, int))
    found["redirect_logs"] = _category(sum(redirects), [])
    for name, key in _COUNTED.items():
        count = job.stats.get(key, 0)
        found[name] = _category(count if isinstance(count, int) else 0, [])
    return found


def _category(count: int, lines: Sequence[ShownLine]) -> dict[str, Any]:
    return {"count": count, "details": [texts.line(line) for line in lines[-_MOST_DETAILS:]]}


def _is_redirect(key: str) -> bool:
    return key.startswith("downloader/response_status_count/3")


def _crawler_stats(job: ScrapingJob, now: datetime) -> Mapping[str, Any]:
    if not job.stats:
        return {}
    at = job.completed_at or now
    told = {"last_update_time": words.second(at), "last_update_timestamp": _stamp(at)}
    return {"source": "log", **told, **dict(sorted(job.stats.items()))}


def _made(now: datetime) -> dict[str, Any]:
    return {
        "last_update_time": words.second(now),
        "last_update_timestamp": _stamp(now),
        "logparser_version": VERSION,
    }


def _stamp(at: datetime | None) -> int:
    return int(at.timestamp()) if at else 0
