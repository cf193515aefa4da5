"""Where a person goes after a button: back to the page it was on, never to another website."""

from urllib.parse import urlsplit

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

_LONGEST = 2_000


def own_path(text: str) -> str | None:
    """The path when it leads to this dashboard, else None.

    Browsers read `//host` and `/\\host` as another website, and drop tabs and line breaks first.
    """
    if not text.startswith("/") or not text.isprintable() or "\\" in text or len(text) > _LONGEST:
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return None if parts.scheme or parts.netloc or text.startswith("//") else text


def here() -> str:
    """The page a person is on: the one asked for, or the one they pressed a button on."""
    if request.method in ("GET", "HEAD"):
        return request.full_path.rstrip("?")
    pressed_on = urlsplit(request.referrer or "")
    return own_path(f"{pressed_on.path}?{pressed_on.query}".rstrip("?")) or "/"


def back(otherwise: str, **values: object) -> Response:
    """Redirects to where the form says it stood, else to that endpoint."""
    return redirect(own_path(request.form.get("next", "")) or url_for(otherwise, **values), 303)  # type: ignore[arg-type]
