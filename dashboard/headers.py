"""The headers of every answer.

No inline script or style is allowed, so text that slips through as markup still cannot run; the
one exception is `data:` pictures, because Bootstrap's style sheet draws its form icons that way.
"""

from flask import Flask, request
from flask.wrappers import Response

_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_STATIC = frozenset({"static", "bootstrap.static"})
#: Programs ask again and again whether there is anything new.
_ASKED_AGAIN = frozenset({"feeds.rss", "feeds.json"})


def attach(app: Flask) -> None:
    app.after_request(_add)


def _add(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if request.endpoint in _ASKED_AGAIN:
        response.headers["Cache-Control"] = "private, no-cache"
    elif request.endpoint not in _STATIC:
        response.headers["Cache-Control"] = "no-store"
    return response
