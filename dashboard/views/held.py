"""Held changes: what a job would change that is not believed, and a person's word about it."""

import re
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard.gate import needs
from dashboard.returns import back
from orchestrator import database, triggers
from orchestrator.ledger import held_changes, history
from orchestrator.ledger.held_changes import Holding, Kind
from orchestrator.ledger.models import Role

blueprint = Blueprint("held", __name__)

_PLACE = re.compile(r"[0-9]{1,18}")


@blueprint.get("/jobs/<uuid:job_id>/held")
def of_job(job_id: UUID) -> ResponseReturnValue:
    """A job of which nothing was held has a page of its own, and no such one."""
    with database.transaction() as session:
        job, target = history.one(session, job_id)
        held = held_changes.of_job(session, job_id)
        if held is None:
            return redirect(url_for("jobs.one", job_id=job_id))
        kind = _kind(held)
        page = held_changes.page(session, held, kind, after=_after())
    shown = {"job": job, "target": target, "held": held, "page": page}
    return render_template("held.html", kind=kind, Kind=Kind, after=_after(), **shown)


@blueprint.post("/jobs/<uuid:job_id>/accept")
@needs(Role.OPERATOR)
def accept(job_id: UUID) -> ResponseReturnValue:
    triggers.accept(job_id, current_user.name)
    flash(str(job_id), "accepted")
    return back("jobs.one", job_id=job_id)


@blueprint.post("/jobs/<uuid:job_id>/discard")
@needs(Role.OPERATOR)
def discard(job_id: UUID) -> ResponseReturnValue:
    triggers.discard(job_id, current_user.name)
    flash(str(job_id), "discarded")
    return back("jobs.one", job_id=job_id)


@blueprint.post("/jobs/<uuid:job_id>/undo")
@needs(Role.OPERATOR)
def undo(job_id: UUID) -> ResponseReturnValue:
    triggers.undo(job_id, current_user.name)
    flash(str(job_id), "undone")
    return back("jobs.one", job_id=job_id)


def _kind(held: Holding) -> Kind:
    """The one that is asked for, else the first that there is."""
    asked = request.args.get("kind")
    if asked in list(Kind):
        return Kind(asked)
    return next((kind for kind, number in held.counts.items() if number), Kind.NEW)


def _after() -> int:
    place = request.args.get("after", "")
    return int(place) if _PLACE.fullmatch(place) else 0
