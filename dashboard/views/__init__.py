"""A module per noun; each view is: parse, one call, render or redirect."""

from flask import Flask

from dashboard.views import health, jobs, preferences, sign_in, targets


def attach(app: Flask) -> None:
    for module in (targets, jobs, preferences, sign_in, health):
        app.register_blueprint(module.blueprint)
