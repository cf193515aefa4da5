"""Whose word is taken for where a visitor comes from.

Failed sign-ins are counted by address, and the audit list and the log name it. Anyone can send
X-Forwarded-For; only what our own proxies put at its end is true, so they are counted.
"""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from orchestrator import config


def attach(app: Flask) -> None:
    """Comes last, around whatever else answers.

    A proxy adds the address it is reached from to the header. The scheme it sets anew, so that is
    the nearest one's word. The host is the one of the request, which a proxy hands on: most leave
    X-Forwarded-Host to the visitor.
    """
    if count := config.get().proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # as Werkzeug has it done
            app.wsgi_app, x_for=count, x_proto=1, x_host=0
        )
