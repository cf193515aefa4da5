"""Every page of the dashboard with the questions people ask of it.

A page without an example fails the benchmark, so a new one is measured from its first day.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, url_for

from benchmarks.failure import BenchmarkFailed
from benchmarks.page_rows import BUSIEST, LARGEST, MIDDLING, PageRows
from dashboard import api, change_filters, item_views, page_keys
from orchestrator.ledger import walks
from orchestrator.ledger.item_views import ItemView, Place
from orchestrator.ledger.models import JobStatus

Values = Callable[[PageRows], dict[str, Any]]

#: What answers a GET and is no page that somebody waits to read.
NO_PAGES = frozenset(
    {
        *("static", "bootstrap.static", "health.healthz", "health.readyz"),
        "sign_in.form",  # leads on when one is signed in
        "preferences.language",  # leads back to the page it was pressed on
        "workers.answers",  # a script asks for it, and it waits for Celery to answer
        "jobs.log_file",  # a stream as long as the log
        "fields.page_file",  # a file to look into
    }
)


@dataclass(frozen=True)
class Example:
    """A page, asked for in one way; the rows in its address change with each request."""

    name: str
    endpoint: str
    values: Values = lambda _: {}

    def path(self, app: Flask, rows: PageRows) -> str:
        with app.test_request_context():
            return url_for(self.endpoint, **self.values(rows))


@dataclass(frozen=True)
class ApiExample(Example):
    """What a program reads, asked for by somebody who is signed in."""

    def path(self, app: Flask, rows: PageRows) -> str:
        with app.extensions["kumo_api"].test_request_context():
            return api.PREFIX + url_for(self.endpoint, **self.values(rows))


def _any_target(rows: PageRows) -> dict[str, Any]:
    return {"target_id": rows.target()}


def _of_largest(**values: Any) -> Values:
    return lambda _: {"target_id": LARGEST} | values


def _of_status(status: JobStatus) -> Values:
    return lambda rows: {"job_id": rows.job(status)}


def _longest_log(**values: Any) -> Values:
    return lambda rows: {"job_id": rows.job_with_longest_log} | values


def _deep_in_items(rows: PageRows) -> dict[str, Any]:
    place = Place(rows.item(), rows.place()[0])
    return {"target_id": LARGEST, "after": item_views.place(place)}


def _deep_in_changes(**values: Any) -> Values:
    def drawn(rows: PageRows) -> dict[str, Any]:
        at, job_id = rows.place()
        return {"before": change_filters.place(walks.Place(at, job_id, 4, 0))} | values

    return drawn


def _deep_by_price(rows: PageRows) -> dict[str, Any]:
    return {"target_id": LARGEST, "sort": "data.price", "after": f"n{rows.number()}"}


#: An order that nobody has asked for yet: the page offers to have it made.
UNLISTED = {"sort": "data.price", "order": "down"}
#: Whose items are listed, and in which orders.
LISTED = (
    (LARGEST, ItemView(sort="first_seen_at")),
    (LARGEST, ItemView(sort="data.price", ascending=True)),
    (MIDDLING, ItemView(sort="data.price", ascending=True)),
)

EXAMPLES = (
    Example("home", "home.index"),
    Example("workers", "workers.index"),
    Example("metrics, as Prometheus asks for them", "metrics.show"),
    Example("sites", "sites.index"),
    Example("form of a site", "sites.edit", lambda _: {"site": "shop.example"}),
    Example("alerts", "alerts.index"),
    Example("form of a channel", "alerts.new"),
    Example("a channel", "alerts.one", lambda rows: {"channel_id": rows.channel()}),
    Example("targets", "targets.index"),
    Example("targets, a later page", "targets.index", lambda rows: {"after": rows.target()}),
    Example("targets, searched", "targets.index", lambda _: {"text": "tokyo", "tag": "shops"}),
    Example("targets by items", "targets.index", lambda _: {"sort": "items"}),
    Example("targets whose last job failed", "targets.index", lambda _: {"outcome": "failed"}),
    Example("a target", "targets.one", _any_target),
    Example("the target with most items", "targets.one", _of_largest()),
    Example("the target with most jobs", "targets.one", lambda _: {"target_id": BUSIEST}),
    Example("a new target", "targets.one", lambda rows: {"target_id": rows.newest_target()}),
    Example("form of a new target", "targets.new"),
    Example("form of a target", "targets.edit", _any_target),
    Example("before deleting the largest", "targets.deletion", _of_largest()),
    Example("a website to add", "drafts.new"),
    Example("a draft in the builder", "drafts.one", lambda rows: {"draft_id": rows.draft()}),
    Example("preview of a draft", "drafts.preview", lambda rows: {"draft_id": rows.draft()}),
    Example("preview of a schedule", "schedules.preview", lambda _: {"cron": "30 3 * * *"}),
    Example("jobs", "jobs.index"),
    Example(
        "jobs, an older page", "jobs.index", lambda rows: {"older": page_keys.encode(rows.place())}
    ),
    Example(
        "jobs, a newer page", "jobs.index", lambda rows: {"newer": page_keys.encode(rows.place())}
    ),
    Example("jobs that failed", "jobs.index", lambda _: {"status": "failed"}),
    Example("jobs, two statuses", "jobs.index", lambda _: {"status": ["paused", "cancelled"]}),
    Example("jobs of an API", "jobs.index", lambda _: {"trigger": "api"}),
    Example("jobs until a day", "jobs.index", lambda rows: {"to": rows.day()}),
    Example(
        "failed jobs of a target until a day",
        "jobs.index",
        lambda rows: {"target": rows.target(), "status": "failed", "to": rows.day()},
    ),
    Example("a job that runs", "jobs.one", _of_status(JobStatus.RUNNING)),
    Example("a job that waits", "jobs.one", _of_status(JobStatus.PENDING)),
    Example("a completed job", "jobs.one", _of_status(JobStatus.COMPLETED)),
    Example("a failed job", "jobs.one", _of_status(JobStatus.FAILED)),
    Example("a skipped job", "jobs.one", _of_status(JobStatus.SKIPPED)),
    Example("a job with most items", "jobs.one", lambda rows: {"job_id": rows.job_of_largest()}),
    Example("a job with 10,000 log lines", "jobs.one", _longest_log()),
    Example("its log, errors only", "jobs.one", _longest_log(level=40)),
    Example("its log, searched", "jobs.one", _longest_log(find="page=77")),
    Example("its log, an older page", "jobs.one", _longest_log(before="1-250")),
    Example("items of a target", "items.of_target", _any_target),
    Example("items of the largest", "items.of_target", _of_largest()),
    Example("its items, a page far behind", "items.of_target", _deep_in_items),
    Example(
        "its items, searched",
        "items.of_target",
        lambda rows: {"target_id": LARGEST, "q": rows.word()},
    ),
    Example("its items, found by one letter", "items.of_target", _of_largest(q="号")),
    Example("its items, by the beginning of a word", "items.of_target", _of_largest(q="k")),
    Example(
        "its items, a field equal",
        "items.of_target",
        _of_largest(**{"field": "category", "is": "is", "value": "Kitchen"}),
    ),
    Example("its items, first seen last", "items.of_target", _of_largest(sort="first_seen_at")),
    Example("its items, by price", "items.of_target", _of_largest(sort="data.price")),
    Example("its items, a page far behind by price", "items.of_target", _deep_by_price),
    Example("its items, greatest price first", "items.of_target", _of_largest(**UNLISTED)),
    Example(
        "items of a target, by price",
        "items.of_target",
        lambda _: {"target_id": MIDDLING, "sort": "data.price"},
    ),
    Example(
        "items that a job changed",
        "items.of_target",
        lambda rows: {"target_id": LARGEST, "job": rows.job_of_largest(), "saw": "changed"},
    ),
    Example(
        "new items since a day",
        "items.of_target",
        lambda rows: {"target_id": rows.target(), "what": "new", "since": rows.day()},
    ),
    Example("a job that is not believed", "jobs.one", lambda rows: {"job_id": rows.held()}),
    Example("what is held of a job", "held.of_job", lambda rows: {"job_id": rows.held()}),
    Example("a field of a job", "fields.one", lambda r: {"job_id": r.held(), "field": "price"}),
    Example("changes", "changes.index"),
    Example("changes, an older page", "changes.index", _deep_in_changes()),
    Example("changes of a target", "changes.index", lambda rows: {"target": rows.target()}),
    Example("changes of the largest, older", "changes.index", _deep_in_changes(target=LARGEST)),
    Example("changes of the busiest", "changes.index", lambda _: {"target": BUSIEST}),
    Example("changes of a new target", "changes.index", lambda r: {"target": r.newest_target()}),
    Example("changes by a job", "changes.index", lambda rows: {"job": rows.job_of_largest()}),
    Example("changes: gone", "changes.index", lambda _: {"kind": "gone"}),
    Example("changes of a field", "changes.index", lambda _: {"field": "price"}),
    Example(
        "changes: a price fell by 5 %",
        "changes.index",
        lambda _: {"field": "price", "move": "fell", "by": 5},
    ),
    Example(
        "changes: few fit (a price rose by 42.5 %)",
        "changes.index",
        _deep_in_changes(field="price", move="rose", by=42.5),
    ),
    Example(
        "changes: none fits (rose by 90 %)",
        "changes.index",
        lambda _: {"field": "price", "move": "rose", "by": 90},
    ),
    Example("changes: none has the text", "changes.index", _deep_in_changes(text="nowhere")),
    Example("changes of a tag", "changes.index", lambda _: {"tag": "watched"}),
    Example("changes of a tag nobody has", "changes.index", lambda _: {"tag": "nobody"}),
    Example("saved filters and feeds", "changes.saved"),
    Example("a feed of a filter", "feeds.rss", lambda _: {"token": "feed-4"}),
    Example("a feed of everything", "feeds.json", lambda _: {"token": "feed-3"}),
    Example("an item", "items.one", lambda rows: {"item_id": rows.item()}),
    Example(
        "the item with most revisions",
        "items.one",
        lambda rows: {"item_id": rows.item_with_longest_history},
    ),
    Example("an item as JSON", "items.whole", lambda rows: {"item_id": rows.item()}),
    Example("how far an export is", "exports.one", lambda rows: {"export_id": rows.export()}),
    Example("people", "people.index"),
    Example("a person", "people.one", lambda _: {"user_id": 2}),
    Example("before removing a person", "people.ask", lambda _: {"user_id": 2}),
    Example("one's account", "account.index"),
    Example("tokens", "tokens.index"),
    Example("audit list", "audit_log.index"),
    Example("audit list, an older page", "audit_log.index", lambda rows: {"older": rows.entry()}),
    Example("audit list of a person", "audit_log.index", lambda _: {"who": "person-3"}),
    Example(
        "audit list of a person and action",
        "audit_log.index",
        lambda _: {"who": "admin", "action": "job.cancel"},
    ),
    Example("the reference of the API", "reference.index"),
    ApiExample("API: targets", "targets.index"),
    ApiExample("API: a target", "targets.one", lambda rows: {"target": rows.target()}),
    ApiExample("API: jobs", "jobs.index"),
    ApiExample("API: jobs that failed", "jobs.index", lambda _: {"status": "failed"}),
    ApiExample("API: jobs of the busiest", "jobs.of_target", lambda _: {"target": BUSIEST}),
    ApiExample("API: a completed job", "jobs.one", _of_status(JobStatus.COMPLETED)),
    ApiExample("API: a log", "jobs.log", _longest_log()),
    ApiExample("API: items of the largest", "items.of_target", lambda _: {"target": LARGEST}),
    ApiExample(
        "API: its items, searched",
        "items.of_target",
        lambda rows: {"target": LARGEST, "q": rows.word()},
    ),
    ApiExample(
        "API: its items, changed since a day",
        "items.of_target",
        lambda rows: {"target": LARGEST, "changed_since": rows.day()},
    ),
    ApiExample("API: an item", "items.one", lambda rows: {"item_id": rows.item()}),
    ApiExample("API: the life of an item", "items.life", lambda rows: {"item_id": rows.item()}),
    ApiExample("API: changes", "changes.index"),
    ApiExample("API: changes of a target", "changes.index", lambda r: {"target": r.target()}),
    ApiExample("API: schedules", "schedules.index"),
    ApiExample("API: workers", "installation.list_workers"),
    ApiExample("API: health", "installation.health"),
)


def check(app: Flask) -> None:
    """Raises BenchmarkFailed when a page has no example."""
    pages = [example for example in EXAMPLES if not isinstance(example, ApiExample)]
    known = NO_PAGES | {example.endpoint for example in pages}
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    if without := sorted({rule.endpoint for rule in rules} - known):
        raise BenchmarkFailed(f"No example in benchmarks/page_examples.py: {', '.join(without)}.")
