"""The reference of the API: its document as a page.

It stands where the API is, and is a page of the dashboard all the same, with its menu and style.
"""

from functools import cache

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from dashboard import addresses, api, languages, reference_page
from dashboard.api import document

blueprint = Blueprint("reference", __name__)


@blueprint.get(f"{api.PREFIX}/docs")
def index() -> ResponseReturnValue:
    return render_template(
        "reference.html",
        operations=_operations(languages.current()),
        base=request.root_path + api.PREFIX,
        address=addresses.root() + request.root_path + api.PREFIX,
    )


# They change with the program alone, and to lay them out takes longer than a page may.
@cache
def _operations(_: str) -> Markup:
    told = document.of(current_app.extensions["kumo_api"])
    parts = {"nouns": reference_page.nouns(told), "schemas": reference_page.schemas(told)}
    return Markup(render_template("reference/_operations.html", **parts))  # noqa: S704  # ours
