"""The reader's language and time zone.

Both are the browser's to say: its languages until somebody presses the switch, its zone as a script
tells it by cookie. Neither needs an account, so the sign-in page has them too.
"""

from typing import Any

from flask import Flask, g, request
from flask_babel import Babel, get_locale, get_translations, gettext
from werkzeug.wrappers import Response

from orchestrator import config
from orchestrator.exceptions import Sentence

#: What each is called in itself.
LANGUAGES = {"en": "English", "ja": "日本語"}
LANGUAGE_COOKIE, ZONE_COOKIE = "kumo_language", "kumo_zone"
_YEAR_SECONDS = 31_536_000


def attach(app: Flask) -> None:
    Babel(app, locale_selector=_language, timezone_selector=_zone)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # of an extension
        lambda text: _texts().ugettext(text),
        lambda one, many, count: _texts().ungettext(one, many, count),
        newstyle=True,
    )


def current() -> str:
    """The code of the language this page is in."""
    locale = get_locale()
    return locale.language if locale else "en"


def remember(response: Response, language: str) -> Response:
    response.set_cookie(
        LANGUAGE_COOKIE, language, max_age=_YEAR_SECONDS, samesite="Lax", httponly=True
    )
    return response


def said(text: str) -> str:
    """A sentence of the orchestrator in the reader's language; other text as it is."""
    if not isinstance(text, Sentence):
        return text
    values = {
        name: said(value) if isinstance(value, str) else value
        for name, value in text.values.items()
    }
    return str(gettext(text.pattern) % values)


def _texts() -> Any:
    """The reader's catalogue; Flask-Babel would look it up anew for each of a thousand texts."""
    if "texts" not in g:
        g.texts = get_translations()
    return g.texts


def _language() -> str:
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in LANGUAGES:
        return chosen
    return request.accept_languages.best_match(list(LANGUAGES)) or "en"


def _zone() -> str:
    told = request.cookies.get(ZONE_COOKIE, "")
    return told if told in config.zones() else config.get().timezone
