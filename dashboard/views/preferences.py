"""What a reader prefers, signed in or not."""

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue

from dashboard import languages
from dashboard.returns import back

blueprint = Blueprint("preferences", __name__)


@blueprint.post("/language/<code>")
def language(code: str) -> ResponseReturnValue:
    if code not in languages.LANGUAGES:
        abort(404)
    return languages.remember(back("sign_in.form"), code)
