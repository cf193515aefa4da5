"""Every page of the dashboard by an address that shows something.

A page that is missing here fails the tests that look at all of them.
"""

from dataclasses import dataclass

from flask import Flask
from sqlalchemy import select

from orchestrator import database as storage
from orchestrator.ledger.models import JobStatus, ScrapingTarget, User
from tests.browser import (
    alert_scenes,
    builder_scenes,
    change_scenes,
    field_scenes,
    held_scenes,
    scenery,
)
from tests.dashboard import rows

#: They answer with no page: a file, a line for machines, a way back.
NO_PAGES = frozenset(
    {
        *("static", "bootstrap.static", "health.healthz", "health.readyz", "metrics.show"),
        *("preferences.language", "jobs.log_file", "items.whole", "exports.one"),
        "fields.page_file",
        # Parts that a script puts into a page.
        *("schedules.preview", "workers.answers", "drafts.preview"),
        # For feed readers.
        *("feeds.rss", "feeds.json"),
    }
)
#: A page before anybody is signed in.
SIGN_IN = "sign_in.form"


@dataclass(frozen=True)
class Shown:
    """An address, and what is seen there."""

    name: str
    endpoint: str
    path: str


def filled() -> list[Shown]:
    """Fills the database with rows to look at, and names the addresses that show them."""
    with storage.transaction() as session:
        jobs = rows.fill(session)
        scenery.furnish(session, jobs)
        session.flush()
        item = scenery.first_item(session, jobs["completed"].id)
        new = session.scalar(
            select(ScrapingTarget.id).where(ScrapingTarget.name.startswith("a-target"))
        )
        many = session.scalar(select(ScrapingTarget.id).where(ScrapingTarget.name == "many"))
        pending = rows.job(session, rows.target(session, "just-now"), JobStatus.PENDING)
        person = session.scalar(select(User.id).where(User.name == "vera"))
        target = jobs["completed"].target_id
        drafts = builder_scenes.drafts(session)
        channel = alert_scenes.channel(session)
        change_scenes.furnish(session, jobs["completed"])
        held = held_scenes.held(session)
        fields = field_scenes.paths(session)
        return [
            Shown("home", "home.index", "/"),
            Shown("workers", "workers.index", "/workers"),
            Shown("sites", "sites.index", "/sites"),
            Shown("site", "sites.edit", "/sites/budget?site=shop.example"),
            Shown("targets", "targets.index", "/targets"),
            Shown("targets-none", "targets.index", "/targets?text=nowhere"),
            Shown("target", "targets.one", f"/targets/{target}"),
            Shown("target-new", "targets.one", f"/targets/{new}"),
            Shown("target-window", "targets.one", f"/targets/{many}"),
            Shown("target-add", "targets.new", "/targets/new"),
            Shown("target-edit", "targets.edit", f"/targets/{target}/edit"),
            Shown("draft-new", "drafts.new", "/drafts/new"),
            *(Shown(f"draft-{kind}", "drafts.one", f"/drafts/{at}") for kind, at in drafts.items()),
            Shown("target-delete", "targets.deletion", f"/targets/{target}/delete"),
            Shown("jobs", "jobs.index", "/jobs"),
            Shown("jobs-none", "jobs.index", "/jobs?status=skipped&target=books"),
            *(Shown(f"job-{kind}", "jobs.one", f"/jobs/{job.id}") for kind, job in jobs.items()),
            Shown("job-pending", "jobs.one", f"/jobs/{pending.id}"),
            Shown("job-held", "jobs.one", f"/jobs/{held.id}"),
            Shown("held", "held.of_job", f"/jobs/{held.id}/held"),
            Shown("held-changed", "held.of_job", f"/jobs/{held.id}/held?kind=changed"),
            Shown("held-missing", "held.of_job", f"/jobs/{held.id}/held?kind=missing"),
            *(Shown(f"field-{kind}", "fields.one", path) for kind, path in fields.items()),
            Shown("items", "items.of_target", f"/targets/{target}/items"),
            Shown("items-held", "items.of_target", f"/targets/{held.target_id}/items"),
            Shown("items-found", "items.of_target", f"/targets/{target}/items?q=細字"),
            Shown("items-none", "items.of_target", f"/targets/{target}/items?q=nowhere"),
            Shown("items-many", "items.of_target", f"/targets/{many}/items?sort=data.price"),
            Shown("item", "items.one", f"/items/{item}"),
            Shown("changes", "changes.index", "/changes"),
            Shown("changes-target", "changes.index", f"/changes?target={target}&field=price"),
            Shown("changes-none", "changes.index", "/changes?text=nowhere"),
            Shown("changes-saved", "changes.saved", "/changes/saved"),
            Shown("people", "people.index", "/people"),
            Shown("person", "people.one", f"/people/{person}"),
            Shown("person-remove", "people.ask", f"/people/{person}/remove"),
            Shown("account", "account.index", "/account"),
            Shown("tokens", "tokens.index", "/tokens"),
            Shown("reference", "reference.index", "/api/v1/docs"),
            Shown("alerts", "alerts.index", "/alerts"),
            Shown("channel-new", "alerts.new", "/alerts/channels/new"),
            Shown("channel", "alerts.one", f"/alerts/channels/{channel}"),
            Shown("audit", "audit_log.index", "/audit"),
            Shown("error", "", "/nowhere"),
        ]


def missing(app: Flask, shown: list[Shown]) -> set[str]:
    """Pages of the app that none of the addresses shows."""
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    return {rule.endpoint for rule in rules} - NO_PAGES - {SIGN_IN} - {s.endpoint for s in shown}
