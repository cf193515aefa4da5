"""Targets: what is scraped and what became of it last; run, enable, disable."""

from flask import Blueprint, flash, render_template
from flask.typing import ResponseReturnValue

from dashboard import audit, deeds, schedule_preview, target_list, target_page
from dashboard.gate import needs
from dashboard.returns import back
from orchestrator import database, triggers
from orchestrator.ledger import held_changes, job_lists, overviews
from orchestrator.ledger import targets as ledger
from orchestrator.ledger.job_lists import JobFilter
from orchestrator.ledger.models import JobStatus, Role, Trigger
from orchestrator.ledger.requests import Answer

blueprint = Blueprint("targets", __name__)

_JOBS = 20


@blueprint.get("/targets")
def index() -> ResponseReturnValue:
    asked = target_list.asked()
    with database.transaction() as session:
        page = overviews.page(
            session, asked.which, asked.sort, after=asked.after, before=asked.before
        )
        tags = overviews.tags(session)
        no_targets = not page.rows and not overviews.any_target(session)
    return render_template("targets.html", page=page, asked=asked, tags=tags, no_targets=no_targets)


@blueprint.get("/targets/<int:target_id>")
def one(target_id: int) -> ResponseReturnValue:
    with database.transaction() as session:
        target = ledger.find(session, target_id)
        page = job_lists.listed(session, JobFilter(target.id), size=_JOBS)
        figures = overviews.figures(session, target.id)
        ahead = ledger.queued_behind(session, target)
        held = held_changes.of_target(session, target.id)
    charts = target_page.charts_of(figures)
    preview = schedule_preview.of_target(target)
    shown = {"charts": charts, "preview": preview, "ahead": ahead, "held": held}
    return render_template("target.html", target=target, page=page, **shown)


@blueprint.post("/targets/<int:target_id>/run")
@needs(Role.OPERATOR)
def run(target_id: int) -> ResponseReturnValue:
    answer = deeds.run(target_id, Trigger.DASHBOARD)
    _tell(answer, "started" if answer.started else "already")
    return back("targets.index")


@blueprint.post("/targets/<int:target_id>/run-urgently")
@needs(Role.OPERATOR)
def run_urgently(target_id: int) -> ResponseReturnValue:
    """Before all jobs that wait; one that waits already is moved there."""
    answer = deeds.run(target_id, Trigger.DASHBOARD, urgently=True)
    hastened = answer.status is JobStatus.PENDING
    _tell(answer, "started" if answer.started else "hastened" if hastened else "already")
    return back("targets.one", target_id=target_id)


@blueprint.post("/targets/run-all")
@needs(Role.OPERATOR)
def run_all() -> ResponseReturnValue:
    answers = triggers.request_all_active(Trigger.DASHBOARD)
    started = sum(answer.started for answer in answers)
    flash([started, len(answers) - started], "started_all")  # type: ignore[arg-type]
    audit.note("target.run_all", "all active", started=started)
    return back("targets.index")


@blueprint.post("/targets/checked")
@needs(Role.OPERATOR)
def checked() -> ResponseReturnValue:
    """What the pressed button says, for all that are ticked."""
    ids, verb = target_list.ticked(), target_list.verb()
    if not ids:
        flash("", "none_ticked")
    elif verb == "run":
        answers = triggers.request_many(ids, Trigger.DASHBOARD)
        started = sum(answer.started for answer in answers)
        flash([started, len(answers) - started], "started_ticked")  # type: ignore[arg-type]
        with database.transaction() as session:
            for each in answers:
                audit.note_in(session, "target.run", each.target_id, job_id=str(each.job_id))
    else:
        with database.transaction() as session:
            names = ledger.set_active(session, ids, active=verb == "enable")
            for name in names:
                audit.note_in(session, f"target.{verb}", name)
        flash(len(names), f"{verb}d_ticked")  # type: ignore[arg-type]
    return back("targets.index")


@blueprint.post("/targets/<int:target_id>/enable", defaults={"active": True})
@blueprint.post("/targets/<int:target_id>/disable", defaults={"active": False})
@needs(Role.OPERATOR)
def switch(target_id: int, active: bool) -> ResponseReturnValue:
    with database.transaction() as session:
        target = ledger.change(session, ledger.find(session, target_id), {"active": active})
        audit.note_in(session, "target.enable" if active else "target.disable", target.name)
    flash(target.name, "enabled" if active else "disabled")
    return back("targets.index")


def _tell(answer: Answer, kind: str) -> None:
    flash(str(answer.job_id), kind)
