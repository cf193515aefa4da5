"""Fields of a job: why one is empty, where its values stand now, and the pages that show it."""

from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard import audit, draft_words, field_page
from dashboard.field_page import ShownField
from dashboard.gate import needs
from dashboard.limits import uses_by_person
from orchestrator import database, diagnoses, proposals
from orchestrator.exceptions import Invalid
from orchestrator.ledger import history, samples
from orchestrator.ledger.models import Role

blueprint = Blueprint("fields", __name__)


@blueprint.get("/jobs/<uuid:job_id>/fields/<path:field>")
def one(job_id: UUID, field: str) -> ResponseReturnValue:
    return _page(field_page.of(job_id, field))


@blueprint.post("/jobs/<uuid:job_id>/diagnoses/<path:field>")
@needs(Role.OPERATOR)
@uses_by_person
def ask(job_id: UUID, field: str) -> ResponseReturnValue:
    """Asks a worker; the pressed button may try a place first, or take it into the builder."""
    shown = field_page.of(job_id, field)
    try:
        if "use" in request.form:
            return _use(shown)
        trying = "try" in request.form
        diagnoses.ask(job_id, field, field_page.pressed(shown, "try") if trying else None)
    except Invalid as error:
        return _page(field_page.of(job_id, field, fault=error.args[0])), 422
    return redirect(url_for("fields.one", job_id=job_id, field=field, _anchor="trial"), 303)


@blueprint.get("/jobs/<uuid:job_id>/samples/<int:place>")
def page_file(job_id: UUID, place: int) -> ResponseReturnValue:
    """A page as it was kept: a file to look into, never shown as a page of ours."""
    with database.transaction() as session:
        _, target = history.one(session, job_id)
        body = samples.body(session, job_id, min(place, 99))
    answer = Response(body, mimetype="application/octet-stream")
    name = f"{target.name}-page-{place}.txt"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _use(shown: ShownField) -> ResponseReturnValue:
    """Opens the target in the builder as corrected; there it is previewed and saved."""
    arguments = field_page.arguments_with(shown, field_page.pressed(shown, "use"))
    draft = proposals.look_for(
        shown.target.id, field_page.address(shown), who=current_user.name, arguments=arguments
    )
    audit.note("draft.look", draft.url, draft_id=str(draft.id))
    return redirect(url_for("drafts.one", draft_id=draft.id), 303)


def _page(shown: ShownField) -> str:
    return render_template("field.html", shown=shown, words=draft_words)
