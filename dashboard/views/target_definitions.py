"""What a target is: add one, change it, copy it, delete it.

A page of its own for each, so that what was typed is never lost to a fault.
"""

from functools import cache

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from dashboard import deeds, schedule_preview, target_form
from dashboard.gate import needs
from dashboard.target_form import TargetForm
from dashboard.views.targets import blueprint as targets
from orchestrator import config, database
from orchestrator.exceptions import TargetChanged, TargetInvalid
from orchestrator.ledger import allowed_settings, definitions, overviews, workers
from orchestrator.ledger import targets as ledger
from orchestrator.ledger.models import Role, ScrapingTarget

#: The address of a target belongs to targets, so its endpoints are theirs.
blueprint: Blueprint = targets


@blueprint.route("/targets/new", methods=["GET", "POST"])
@needs(Role.OPERATOR)
def new() -> ResponseReturnValue:
    original = _found(reference) if (reference := request.args.get("from")) else None
    form = target_form.opened(original, as_copy=True)
    if request.method != "POST":
        return _page(form, original)
    try:
        fields = _copied(original) | form.fields(original)
        if _only_checked(fields):
            return _page(form, original)
        target = deeds.add_target(fields)
    except TargetInvalid as error:
        form.show(error.faults)
        return _page(form, original), 422
    return _saved(target, "added")


@blueprint.route("/targets/<int:target_id>/edit", methods=["GET", "POST"])
@needs(Role.OPERATOR)
def edit(target_id: int) -> ResponseReturnValue:
    target = _found(target_id)
    form = target_form.opened(target)
    if request.method != "POST":
        return _page(form, target, is_change=True)
    try:
        fields = form.fields(target)
        if _only_checked(deeds.stored(target) | fields):
            return _page(form, target, is_change=True)
        changed = deeds.change_target(target_id, fields, seen_at=form.when_seen())
    except TargetInvalid as error:
        form.show(error.faults)
        return _page(form, target, is_change=True), 422
    except TargetChanged:
        differing = target_form.differing(fields, deeds.stored(target))
        form.seen_at.data = target.updated_at.isoformat()
        return _page(form, target, is_change=True, differing=differing), 409
    return _saved(changed, "changed")


@blueprint.get("/targets/<int:target_id>/delete")
@needs(Role.OPERATOR)
def deletion(target_id: int) -> ResponseReturnValue:
    """Says what goes, before anything does."""
    with database.transaction() as session:
        target = ledger.find(session, target_id)
        held = overviews.belongings(session, target.id)
    return render_template("delete_target.html", target=target, held=held)


@blueprint.post("/targets/<int:target_id>/delete")
@needs(Role.OPERATOR)
def delete(target_id: int) -> ResponseReturnValue:
    target = _found(target_id)
    deeds.delete_target(target)
    flash(target.name, "deleted")
    return redirect(url_for("targets.index"), 303)


def _page(
    form: TargetForm,
    target: ScrapingTarget | None,
    *,
    is_change: bool = False,
    differing: list[str] | None = None,
) -> str:
    with database.transaction() as session:
        spiders, tags = overviews.known_spiders(session), workers.tags(session)
    return render_template(
        "target_form.html",
        form=form,
        target=target,
        is_change=is_change,
        differing=differing,
        spiders=spiders,
        worker_tags=tags,
        zones=_zones(),
        allowed=allowed_settings.ALLOWED,
        presets=target_form.PRESETS,
        preview=schedule_preview.of(form.asked(target if is_change else None)),
    )


@cache
def _zones() -> Markup:
    """Six hundred that never change, to choose from."""
    return Markup("").join(
        Markup('<option value="%s"></option>') % name for name in sorted(config.zones())
    )


def _found(reference: int | str) -> ScrapingTarget:
    with database.transaction() as session:
        return ledger.find(session, reference)


def _copied(original: ScrapingTarget | None) -> dict[str, object]:
    """What a copy has and its form does not show."""
    if original is None:
        return {}
    return {name: getattr(original, name) for name in target_form.too_long(original)}


def _only_checked(fields: dict[str, object]) -> bool:
    """Whether the other button was pressed: the fields are judged and nothing is saved."""
    if "check" not in request.form:
        return False
    definitions.check(fields)
    return True


def _saved(target: ScrapingTarget, kind: str) -> ResponseReturnValue:
    flash(target.name, kind)
    with database.transaction() as session:
        spiders, tags = overviews.known_spiders(session), workers.tags(session)
    if target.worker_tag and target.worker_tag not in tags:
        flash(target.worker_tag, "unserved_tag")
    if spiders and target.spider not in spiders:
        flash(target.spider, "unknown_spider")
    return redirect(url_for("targets.one", target_id=target.id), 303)
