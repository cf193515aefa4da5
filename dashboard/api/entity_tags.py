"""Entity tags: asking again for what has not changed, and changing only what one has seen.

The tag of a target is the version of its definition, for `If-Match`. Items and ended jobs have weak
tags of what is told of them: an answer that would be the same is not sent again.
"""

from datetime import datetime

from flask import Flask, Response, request

from dashboard.api import cursors
from dashboard.api.routes import Answer
from orchestrator.exceptions import TargetChanged
from orchestrator.ledger.models import ScrapingTarget

#: For routes whose answers have weak tags.
IF_NONE_MATCH = {"If-None-Match": "The `ETag` of the answer that you have."}
UNCHANGED = {304: Answer("It is as you have it.")}

_KEPT = "private, no-cache"


def attach(app: Flask) -> None:
    # Attached before the headers of all answers, and so asked after them.
    app.after_request(_keep)


def of_target(target: ScrapingTarget) -> str:
    return f'"{cursors.moment(target.updated_at):x}"'


def seen_at(target: ScrapingTarget) -> datetime | None:
    """When a target was last changed, as the request has seen it; None: it does not say.

    Raises TargetChanged when it has seen another.
    """
    if "If-Match" not in request.headers or request.if_match.star_tag:
        return None
    if not request.if_match.contains(of_target(target).strip('"')):
        raise TargetChanged(
            f"Target {target.name} is not any more as If-Match has it; read it again."
        )
    return target.updated_at


def conditional(answer: Response) -> Response:
    """With a weak tag, or 304 when the request has it already."""
    answer.add_etag(weak=True)
    answer.make_conditional(request)
    return answer


def _keep(answer: Response) -> Response:
    if answer.headers.get("ETag", "").startswith("W/"):
        answer.headers["Cache-Control"] = _KEPT
    return answer
