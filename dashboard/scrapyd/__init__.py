"""Kumo as Scrapyd's clients see it: an app of its own, on a port of its own.

The project is called `kumo`; its spiders are the spiders and targets of this installation. What
Scrapyd 1.6 answers is answered in its shape, to the header; docs/operations.md tells what differs.
"""

from flask import Flask

from dashboard import headers, limits, proxies
from dashboard.scrapyd import answers, endpoints, files, gate, pages

#: A request's settings and arguments; an egg is not read at all.
_LARGEST_REQUEST = 1_000_000


def create_app() -> Flask:
    """The app as the environment configures it. Raises ConfigError."""
    app = Flask(__name__)
    app.config.update(
        MAX_CONTENT_LENGTH=_LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=_LARGEST_REQUEST,
        MAX_FORM_PARTS=1_000,
    )
    # //logs is another address than /logs here, and is not there.
    app.url_map.merge_slashes = False
    headers.attach(app)
    gate.attach(app)
    limits.attach(app)
    answers.attach(app)
    for module in (endpoints, pages, files):
        app.register_blueprint(module.blueprint)
    proxies.attach(app)
    return app
