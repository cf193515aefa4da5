"""The endpoints: which there are, by which method, and for whom.

One view serves all of them, since all that is odd about them is odd in the same way: a wrong method
is answered with status 200, and HEAD of what is only posted is an error's length.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, request

from dashboard.scrapyd import answers, gate, listing, parameters, scheduling, versions
from dashboard.scrapyd.parameters import Parameters
from orchestrator.ledger.models import Role

blueprint = Blueprint("endpoints", __name__)

#: Also those that no endpoint has: they are told which it has.
_METHODS = ["GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A verb of Scrapyd, and how it is asked for."""

    method: str
    verb: Callable[[Parameters], Mapping[str, Any]]
    role: Role = Role.VIEWER
    #: Whether its parameters are read: those of an upload are within what is not wanted.
    reads: bool = True


ENDPOINTS = {
    "daemonstatus": Endpoint("GET", listing.daemonstatus),
    "status": Endpoint("GET", listing.status),
    "listprojects": Endpoint("GET", listing.listprojects),
    "listversions": Endpoint("GET", listing.listversions),
    "listspiders": Endpoint("GET", listing.listspiders),
    "listjobs": Endpoint("GET", listing.listjobs),
    "schedule": Endpoint("POST", scheduling.schedule, Role.OPERATOR),
    "cancel": Endpoint("POST", scheduling.cancel, Role.OPERATOR),
    "addversion": Endpoint("POST", versions.addversion, Role.OPERATOR, reads=False),
    "delversion": Endpoint("POST", versions.delversion, Role.OPERATOR),
    "delproject": Endpoint("POST", versions.delproject, Role.OPERATOR),
}


@blueprint.route("/<name>.json", methods=_METHODS, provide_automatic_options=False)
def serve(name: str) -> Response:
    endpoint = ENDPOINTS.get(name) or abort(404)
    if request.method == "OPTIONS":
        answer = Response(status=204, headers={"Allow": ", ".join(_allowed(endpoint))})
        del answer.headers["Content-Type"]
        return answer
    if request.method not in _allowed(endpoint) or _is_posted_by_head(endpoint):
        return answers.unsupported(_allowed(endpoint))
    if endpoint.method == "POST" and gate.comes_from_another_site():
        return answers.error("Refused: this was sent by a page of another website.")
    if not gate.may(endpoint.role):
        name = gate.bearer().token_name
        return answers.error(f"The token {name} may only read: make one with the scope operate.")
    given = parameters.given() if endpoint.reads else versions.swallowed()
    return answers.ok(endpoint.verb(given))


@blueprint.after_request
def _open(answer: Response) -> Response:
    """Lets scripts of other origins read it, with a token they have; errors too."""
    if endpoint := ENDPOINTS.get((request.view_args or {}).get("name", "")):
        answer.headers["Access-Control-Allow-Origin"] = "*"
        answer.headers["Access-Control-Allow-Methods"] = ", ".join(_allowed(endpoint))
        answer.headers["Access-Control-Allow-Headers"] = "X-Requested-With"
    return answer


def _allowed(endpoint: Endpoint) -> tuple[str, ...]:
    return ("OPTIONS", "HEAD", endpoint.method)


def _is_posted_by_head(endpoint: Endpoint) -> bool:
    return request.method == "HEAD" and endpoint.method == "POST"
