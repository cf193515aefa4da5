"""Home: whether everything is well, what runs, what comes, and what the last night brought."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from orchestrator import database
from orchestrator.ledger import attention, nights, outlook, vitals

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def index() -> ResponseReturnValue:
    with database.transaction() as session:
        pulse = vitals.read(session)
        running, running_in_all = outlook.running(session)
        night = nights.last(session)
        parts = {
            "vitals": pulse,
            "concerns": attention.concerns(session, pulse),
            "running": running,
            "running_in_all": running_in_all,
            "occasions": outlook.coming(session),
            "night": night,
            "has_targets": bool(night.marks) or outlook.has_targets(session),
            "has_jobs": night.has_jobs or outlook.has_jobs(session),
        }
    return render_template("home.html", **parts)
