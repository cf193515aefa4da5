"""Sites: what each bears, what it may bear, and who is at it.

Budgets are rows; what a site bears at this moment is in Redis, and the page is there without it.
"""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import audit, forms
from dashboard.gate import needs
from dashboard.site_form import SiteForm
from orchestrator import database, sites
from orchestrator.exceptions import BellAway, SiteInvalid
from orchestrator.ledger import budgets
from orchestrator.ledger import sites as ledger
from orchestrator.ledger.models import Role

blueprint = Blueprint("sites", __name__)


@blueprint.get("/sites")
def index() -> ResponseReturnValue:
    return _list()


@blueprint.get("/sites/budget")
@needs(Role.OPERATOR)
def edit() -> ResponseReturnValue:
    try:
        name = ledger.named(request.args.get("site", ""))
    except SiteInvalid as error:
        return _list(refused=error.args[0]), 422
    with database.transaction() as session:
        site = ledger.find(session, name)
    return _form(name, SiteForm(budgets.default(name), obj=site), is_own=site is not None)


@blueprint.post("/sites/budget")
@needs(Role.OPERATOR)
def save() -> ResponseReturnValue:
    name = ledger.named(request.args.get("site", ""))
    form = SiteForm(budgets.default(name))
    if not form.validate():
        return _form(name, form), 422
    try:
        with database.transaction() as session:
            site = ledger.save(session, name, **form.values)
            audit.note_in(session, "site.budget", name, **form.values)
    except SiteInvalid as error:
        forms.blame(form, error)
        return _form(name, form), 422
    return _told(name, ledger.budget(name, site))


@blueprint.post("/sites/budget/forget")
@needs(Role.OPERATOR)
def forget() -> ResponseReturnValue:
    name = ledger.named(request.args.get("site", ""))
    with database.transaction() as session:
        ledger.forget(session, name)
        audit.note_in(session, "site.default", name)
    return _told(name, budgets.default(name))


def _told(name: str, budget: budgets.Budget) -> ResponseReturnValue:
    """Crawls are told after the commit; those that cannot be told read the row within a minute."""
    try:
        sites.tell(name, budget)
        flash(name, "site_saved")
    except BellAway:
        flash(name, "site_saved_untold")
    return redirect(url_for("sites.index"), 303)


def _form(name: str, form: SiteForm, **shown: Any) -> str:
    return render_template("site.html", name=name, form=form, **shown)


def _list(**shown: Any) -> str:
    try:
        used, trouble = sites.used(), None
    except BellAway as error:
        used, trouble = (), error.args[0]
    with database.transaction() as session:
        rows = {site.name: site for site in ledger.all_known(session)}
        jobs = ledger.crawling(session, {job_id for use in used for job_id in use.job_ids})
    names = dict.fromkeys([*(use.name for use in used), *rows])
    parts = {
        "names": names,
        "rows": rows,
        "uses": {use.name: use for use in used},
        "budgets": {name: ledger.budget(name, rows.get(name)) for name in names},
        "jobs": jobs,
        "trouble": trouble,
    }
    return render_template("sites.html", **parts, **shown)
