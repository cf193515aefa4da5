"""Schedules: what one would do, while somebody types it."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from dashboard import schedule_preview, target_form
from dashboard.schedule_preview import Asked

blueprint = Blueprint("schedules", __name__)


@blueprint.get("/schedules/preview")
def preview() -> ResponseReturnValue:
    """A fragment; what is wrong with the line is part of it, not an error."""
    asked = Asked(
        request.args.get("cron"),
        request.args.get("zone"),
        window=request.args.get("window"),
        spread_seconds=target_form.seconds(request.args.get("spread")),
        target_id=request.args.get("target", type=int),
    )
    return render_template("schedules/preview.html", preview=schedule_preview.of(asked))
