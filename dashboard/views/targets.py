"""Targets: what is scraped and what became of it last; run, enable, disable."""

from flask import Blueprint, flash, render_template
from flask.typing import ResponseReturnValue

from dashboard import audit
from dashboard.gate import needs
from dashboard.returns import back
from orchestrator import config, database, triggers
from orchestrator.ledger import history
from orchestrator.ledger import targets as ledger
from orchestrator.ledger.history import JobFilter
from orchestrator.ledger.models import Role, Trigger

blueprint = Blueprint("targets", __name__)


@blueprint.get("/targets")
def index() -> ResponseReturnValue:
    with database.transaction() as session:
        rows = history.targets_with_last_job(session)
    return render_template("targets.html", rows=rows)


@blueprint.get("/targets/<int:target_id>")
def one(target_id: int) -> ResponseReturnValue:
    with database.transaction() as session:
        target = ledger.find(session, target_id)
        page = history.page(session, JobFilter(target.id), size=20)
    return render_template("target.html", target=target, page=page, settings=config.get())


@blueprint.post("/targets/<int:target_id>/run")
@needs(Role.OPERATOR)
def run(target_id: int) -> ResponseReturnValue:
    answer = triggers.request(target_id, Trigger.DASHBOARD)
    flash(str(answer.job_id), "started" if answer.started else "already")
    audit.note("target.run", target_id, job_id=str(answer.job_id))
    return back("targets.index")


@blueprint.post("/targets/run-all")
@needs(Role.OPERATOR)
def run_all() -> ResponseReturnValue:
    answers = triggers.request_all_active(Trigger.DASHBOARD)
    started = sum(answer.started for answer in answers)
    flash([started, len(answers) - started], "started_all")  # type: ignore[arg-type]
    audit.note("target.run_all", "all active", started=started)
    return back("targets.index")


@blueprint.post("/targets/<int:target_id>/enable", defaults={"active": True})
@blueprint.post("/targets/<int:target_id>/disable", defaults={"active": False})
@needs(Role.OPERATOR)
def switch(target_id: int, active: bool) -> ResponseReturnValue:
    with database.transaction() as session:
        target = ledger.change(session, ledger.find(session, target_id), {"active": active})
    flash(target.name, "enabled" if active else "disabled")
    audit.note("target.enable" if active else "target.disable", target.name)
    return back("targets.index")
