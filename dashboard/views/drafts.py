"""Drafts: paste an address, choose what to take from it, see it read, save it as a target."""

from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard import audit, draft_page, draft_saving, draft_words, recipe_form
from dashboard.draft_page import ShownDraft
from dashboard.gate import needs
from dashboard.limits import looks_by_person, tries_by_person
from orchestrator import database, proposals
from orchestrator.exceptions import TargetInvalid
from orchestrator.ledger import drafts, targets
from orchestrator.ledger.drafts import Recipe
from orchestrator.ledger.models import Role, TargetDraft

blueprint = Blueprint("drafts", __name__)


@blueprint.get("/drafts/new")
@needs(Role.OPERATOR)
def new() -> ResponseReturnValue:
    return render_template("drafts/new.html", url=request.args.get("url", ""), fault="")


@blueprint.post("/drafts/new")
@needs(Role.OPERATOR)
@looks_by_person
def look() -> ResponseReturnValue:
    url = request.form.get("url", "")
    try:
        draft = proposals.look(url, who=current_user.name)
    except TargetInvalid as error:
        return render_template("drafts/new.html", url=url, fault=error.faults["url"]), 422
    audit.note("draft.look", draft.url, draft_id=str(draft.id))
    return _back_to(draft.id)


@blueprint.post("/targets/<int:target_id>/draft")
@needs(Role.OPERATOR)
@looks_by_person
def of_target(target_id: int) -> ResponseReturnValue:
    """Opens a target in the builder, at the first page that it crawls."""
    with database.transaction() as session:
        target = targets.find(session, target_id)
    draft = proposals.look_for(target.id, draft_page.first_page(target), who=current_user.name)
    audit.note("draft.look", draft.url, draft_id=str(draft.id))
    return _back_to(draft.id)


@blueprint.get("/drafts/<uuid:draft_id>")
@needs(Role.OPERATOR)
def one(draft_id: UUID) -> ResponseReturnValue:
    return _page(draft_page.of(draft_id))


@blueprint.get("/drafts/<uuid:draft_id>/preview")
@needs(Role.OPERATOR)
def preview(draft_id: UUID) -> ResponseReturnValue:
    """The part of the page that a worker answers, for the script that waits for it."""
    return render_template("drafts/preview.html", shown=draft_page.of(draft_id))


@blueprint.post("/drafts/<uuid:draft_id>/again")
@needs(Role.OPERATOR)
@looks_by_person
def again(draft_id: UUID) -> ResponseReturnValue:
    draft = _found(draft_id)
    proposals.ask_again(draft_id)
    audit.note("draft.look", draft.url, draft_id=str(draft_id))
    return _back_to(draft_id)


@blueprint.post("/drafts/<uuid:draft_id>/use/<int:number>")
@needs(Role.OPERATOR)
def use(draft_id: UUID, number: int) -> ResponseReturnValue:
    proposals.use(draft_id, draft_page.proposed(_found(draft_id), number))
    return _back_to(draft_id)


@blueprint.post("/drafts/<uuid:draft_id>/blank")
@needs(Role.OPERATOR)
def blank(draft_id: UUID) -> ResponseReturnValue:
    """Begins without a proposal."""
    proposals.use(draft_id, draft_page.blank(_found(draft_id)))
    return _back_to(draft_id)


@blueprint.post("/drafts/<uuid:draft_id>/edit")
@needs(Role.OPERATOR)
@tries_by_person
def edit(draft_id: UUID) -> ResponseReturnValue:
    """Takes what was typed; the pressed button may add or remove a field, or try more pages."""
    draft = _found(draft_id)
    recipe = draft_page.pressed(_typed(draft))
    _keep(draft_id, recipe)
    if "further" in request.form:
        proposals.try_further(draft_id)
        audit.note("draft.look", draft.url, draft_id=str(draft_id))
    return _back_to(draft_id, _anchor=draft_page.touched(recipe), **draft_page.typed_saving())


@blueprint.post("/drafts/<uuid:draft_id>/save")
@needs(Role.OPERATOR)
def save(draft_id: UUID) -> ResponseReturnValue:
    draft = _found(draft_id)
    recipe = _typed(draft)
    _keep(draft_id, recipe)
    try:
        target = draft_saving.save(draft, recipe)
    except TargetInvalid as error:
        return _page(draft_page.of(draft_id, error.faults)), 422
    if "run" in request.form:
        draft_saving.run(target)
    else:
        flash(target.name, "changed" if draft.target_id else "added")
    return redirect(url_for("targets.one", target_id=target.id), 303)


def _page(shown: ShownDraft) -> str:
    return render_template("draft.html", shown=shown, words=draft_words, zones=_zones())


@cache
def _zones() -> list[str]:
    """To find them out means to open hundreds of files, and each edit draws the page."""
    return sorted(available_timezones())


def _found(draft_id: UUID) -> TargetDraft:
    with database.transaction() as session:
        return drafts.find(session, draft_id)


def _typed(draft: TargetDraft) -> Recipe:
    return recipe_form.typed(draft_page.recipe(draft), request.form)


def _keep(draft_id: UUID, recipe: Recipe) -> None:
    proposals.edit(draft_id, recipe, is_whole=not recipe_form.faults(recipe))


def _back_to(draft_id: UUID, **shown: Any) -> ResponseReturnValue:
    return redirect(url_for("drafts.one", draft_id=draft_id, **shown), 303)
