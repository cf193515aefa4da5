"""The reader's language and time zone.

Both are the browser's to say: its languages until somebody presses the switch, its zone as a script
tells it by cookie. Neither needs an account, so the sign-in page has them too.
"""

from functools import lru_cache
from typing import Any

from flask import Flask, g, request
from flask_babel import Babel, get_locale, get_translations, gettext
from markupsafe import Markup
from werkzeug.wrappers import Response

from orchestrator import config
from orchestrator.exceptions import Sentence

#: What each is called in itself.
LANGUAGES = {"en": "English", "ja": "日本語"}
LANGUAGE_COOKIE, ZONE_COOKIE = "kumo_language", "kumo_zone"
_YEAR_SECONDS = 31_536_000
#: More than there are, in all languages.
_MOST_TEXTS = 8_192


def attach(app: Flask) -> None:
    Babel(app, locale_selector=_language, timezone_selector=_zone)
    # Instead of those of the extension: a page has hundreds of texts, which they look up, mark and
    # fill in anew, also where there is nothing to fill in.
    app.jinja_env.globals.update(_=_marked, gettext=_marked, ngettext=_marked_number)


def current() -> str:
    """The code of the language this page is in."""
    locale = get_locale()
    return locale.language if locale else "en"


def remember(response: Response, language: str) -> Response:
    response.set_cookie(
        LANGUAGE_COOKIE, language, max_age=_YEAR_SECONDS, samesite="Lax", httponly=True
    )
    return response


def noted(text: str) -> str:
    """The text itself: it goes to the catalogue here and is said somewhere else, by `text`."""
    return text


def text(noted: str) -> str:
    """A noted text in the reader's language, looked up once."""
    return _text(here(), noted)


def said(text: str) -> str:
    """A sentence of the orchestrator in the reader's language; other text as it is."""
    if not isinstance(text, Sentence):
        return text
    values = {
        name: said(value) if isinstance(value, str) else value
        for name, value in text.values.items()
    }
    return str(gettext(text.pattern) % values)


def _marked(text: str, /, **values: Any) -> Markup:
    return _markup(here(), text) % values if values else _bare(here(), text)


def _marked_number(one: str, many: str, number: int, /, **values: Any) -> Markup:
    said = Markup(get_translations().ungettext(one, many, number))  # noqa: S704  # likewise
    return said % {"num": number, **values}


def here() -> str:
    # Asked for each text, so it does not look before it leaps, nor through the proxy.
    try:
        return g._get_current_object().language  # type: ignore[no-any-return]
    except AttributeError:
        g.language = current()
        return str(g.language)
    except RuntimeError:
        return "en"


# Of the reader's language, which is whose request this is.
@lru_cache(_MOST_TEXTS)
def _text(_: str, text: str) -> str:
    return str(get_translations().ugettext(text))


@lru_cache(_MOST_TEXTS)
def _markup(language: str, text: str) -> Markup:
    return Markup(_text(language, text))  # noqa: S704  # the catalogue is ours


@lru_cache(_MOST_TEXTS)
def _bare(language: str, text: str) -> Markup:
    return _markup(language, text) % {}


def _language() -> str:
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in LANGUAGES:
        return chosen
    return request.accept_languages.best_match(list(LANGUAGES)) or "en"


def _zone() -> str:
    told = request.cookies.get(ZONE_COOKIE, "")
    return told if told in config.zones() else config.get().timezone
