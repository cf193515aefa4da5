"""The REST API: what programs ask of Kumo, under `/api/v1`.

An app of its own, since whatever holds for all pages holds differently here: a stranger is not led
to sign in but told 401, errors are JSON, and what changes something needs no form. It is mounted
beside the dashboard in one process, and asks the same functions. A route says in one place what it
takes, what it answers and who may come; requests are read by it, and the document is made of it.
"""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from dashboard import headers, languages
from dashboard.api import document, entity_tags, gate, problems, views

PREFIX = "/api/v1"
#: A page of the dashboard, which stands where people look for it.
_PAGES = frozenset({f"{PREFIX}/docs"})

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def attach(app: Flask) -> None:
    """Mounts the API beside the dashboard."""
    app.extensions["kumo_api"] = api = create(app.config)
    app.wsgi_app = _Mounted(app.wsgi_app, api)  # type: ignore[method-assign]


def create(settings: dict[str, Any]) -> Flask:
    """The API with the settings of its dashboard, whose sessions it takes."""
    app = Flask(__name__, static_folder=None)
    app.config.update(settings)
    # It is checked where a session is what lets somebody in.
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    entity_tags.attach(app)
    headers.attach(app)
    gate.attach(app)
    problems.attach(app)
    # What the ledger says of zones and times is asked of the reader elsewhere.
    languages.attach(app)
    views.attach(app)
    document.attach(app)
    return app


class _Mounted:
    """Sends what is asked of the API there, and all else to the dashboard."""

    def __init__(self, dashboard: Wsgi, api: Wsgi) -> None:
        self._dashboard = dashboard
        self._api = api

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not f"{path}/".startswith(f"{PREFIX}/") or path in _PAGES:
            return self._dashboard(environ, start_response)
        mounted = environ | {
            "SCRIPT_NAME": environ.get("SCRIPT_NAME", "") + PREFIX,
            "PATH_INFO": path[len(PREFIX) :],
        }
        return self._api(mounted, start_response)
