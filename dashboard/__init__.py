"""A Flask app that asks the orchestrator and shows the answer.

It is a factory and nothing else: every noun has its module in `views`, and whatever holds for all
of them (who may, which headers, what an error looks like) is attached here, in one order. The gate
comes before the CSRF check, so that a stranger is told to sign in and not that a token is missing.
"""

from datetime import timedelta
from typing import Any

from flask import Flask
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect

from dashboard import (
    addresses,
    api,
    assets,
    context,
    drawings,
    errors,
    gate,
    headers,
    languages,
    limits,
    proxies,
    views,
)
from orchestrator import config
from orchestrator.config import Config
from orchestrator.exceptions import ConfigError

#: Larger than any form here, smaller than anything that hurts.
_LARGEST_REQUEST = 1_000_000


def create_app() -> Flask:
    """The dashboard as the environment configures it. Raises ConfigError."""
    app = Flask(__name__)
    app.config.update(_settings(config.get()))
    headers.attach(app)
    addresses.attach(app)
    assets.attach(app)
    gate.attach(app)
    CSRFProtect(app)
    limits.attach(app)
    errors.attach(app)
    languages.attach(app)
    context.attach(app)
    drawings.attach(app)
    Bootstrap5(app)
    views.attach(app)
    api.attach(app)
    proxies.attach(app)
    return app


def _settings(settings: Config) -> dict[str, Any]:
    if not settings.secret_key:
        raise ConfigError(
            "No secret key is known, so nobody could sign in: set KUMO_SECRET_KEY, "
            "or start everything with `make up`, which makes one."
        )
    return {
        "SECRET_KEY": settings.secret_key,
        # Browsers share cookies between ports: two installations on one machine must not.
        "SESSION_COOKIE_NAME": f"kumo_{settings.port}",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.tls,
        "PERMANENT_SESSION_LIFETIME": timedelta(days=7),
        # A refresh in the background must not write back a session that a button has changed.
        "SESSION_REFRESH_EACH_REQUEST": False,
        # A token lives as long as its session; a page left open over lunch still works.
        "WTF_CSRF_TIME_LIMIT": None,
        "MAX_CONTENT_LENGTH": _LARGEST_REQUEST,
        "MAX_FORM_MEMORY_SIZE": _LARGEST_REQUEST,
        "MAX_FORM_PARTS": 200,
        "BOOTSTRAP_SERVE_LOCAL": True,
    }
