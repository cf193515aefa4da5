"""Schedules: what one would do, while somebody types it."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from dashboard import schedule_preview

blueprint = Blueprint("schedules", __name__)


@blueprint.get("/schedules/preview")
def preview() -> ResponseReturnValue:
    """A fragment; what is wrong with the line is part of it, not an error."""
    told = schedule_preview.of(request.args.get("cron"), request.args.get("zone"))
    return render_template("schedules/preview.html", preview=told)
