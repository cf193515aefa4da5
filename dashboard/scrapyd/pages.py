"""The two pages: where to go, and the jobs in the exact shape that ScrapydWeb reads."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from dashboard.scrapyd import words
from orchestrator import database
from orchestrator.ledger import scrapyd_jobs, ticks

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def home() -> ResponseReturnValue:
    return render_template("scrapyd/home.html", prefix=words.prefix(), project=words.PROJECT)


@blueprint.get("/jobs")
def jobs() -> ResponseReturnValue:
    with database.transaction() as session:
        found = {
            "pending": scrapyd_jobs.pending(session),
            "running": scrapyd_jobs.running(session),
            "finished": scrapyd_jobs.finished(session),
            "now": ticks.now(session),
        }
    return render_template("scrapyd/jobs.html", **found, words=words, prefix=words.prefix())
