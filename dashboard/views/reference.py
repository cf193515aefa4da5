"""The reference of the API: its document as a page.

It stands where the API is, and is a page of the dashboard all the same, with its menu and style.
"""

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue

from dashboard import addresses, api, reference_page
from dashboard.api import document

blueprint = Blueprint("reference", __name__)


@blueprint.get(f"{api.PREFIX}/docs")
def index() -> ResponseReturnValue:
    told = document.of(current_app.extensions["kumo_api"])
    return render_template(
        "reference.html",
        nouns=reference_page.nouns(told),
        schemas=reference_page.schemas(told),
        base=request.root_path + api.PREFIX,
        address=addresses.root() + request.root_path + api.PREFIX,
    )
