"""What can be asked of the API: a module per noun; each view is: parse, one call, answer."""

from flask import Flask

from dashboard.api import routes
from dashboard.api.views import changes, installation, items, jobs, schedules, targets

NOUNS = [each.routes for each in (targets, jobs, items, changes, schedules, installation)]


def attach(app: Flask) -> None:
    routes.attach(app, NOUNS)
