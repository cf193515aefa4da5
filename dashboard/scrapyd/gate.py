"""The gate: nobody sees anything without an API token as the password of HTTP Basic.

The name beside it may be any; some clients insist on one.
"""

from flask import Flask, Response, g, request

from dashboard import bearers
from orchestrator.ledger.models import Role
from orchestrator.ledger.tokens import Holder

#: A browser sends the password it once asked for with whatever another website makes it post.
_OF_ANOTHER_SITE = frozenset({"cross-site", "same-site"})


def attach(app: Flask) -> None:
    app.before_request(_check)


def bearer() -> Holder:
    """Whose token came with the request."""
    found: Holder = g.bearer
    return found


def may(role: Role) -> bool:
    """Whether that token is for what this role may do."""
    return bearer().role.covers(role)


def comes_from_another_site() -> bool:
    return request.headers.get("Sec-Fetch-Site") in _OF_ANOTHER_SITE


def _check() -> Response | None:
    given = request.authorization
    token = given.password if given and given.type == "basic" else None
    g.bearer = bearers.holder(token) if token else None
    return None if g.bearer else _unauthorized()


def _unauthorized() -> Response:
    answer = Response("Unauthorized", 401, content_type="text/html")
    answer.headers["WWW-Authenticate"] = 'basic realm="Scrapyd"'
    return answer
