"""Addresses of rows, made once and filled in.

A list of fifty targets has three hundred addresses, and Werkzeug builds each from its rules, for
the sixth part of the page's time. Those that hold one number or one id are alike but for it.
"""

from functools import lru_cache
from typing import Any
from uuid import UUID

from flask import Flask, request, url_for

from orchestrator import config

_MOST = 1_024
#: Stand where the value will; no address has them otherwise.
_NUMBER, _ID = 7_319_462_850_173, UUID("73194628-5017-4319-8462-850173194628")


def attach(app: Flask) -> None:
    app.jinja_env.globals["url_for"] = of


def of(endpoint: str, **values: Any) -> str:
    """What `url_for` gives."""
    if len(values) == 1:
        ((name, value),) = values.items()
        if type(value) is int or type(value) is UUID:
            stand_in = _NUMBER if type(value) is int else _ID
            before, after = _around(endpoint, name, stand_in, request.root_path)
            return f"{before}{value}{after}"
        if endpoint == "static":
            return _of_file(value, request.root_path)
    return _of_page(endpoint, request.root_path) if not values else url_for(endpoint, **values)


def root() -> str:
    """What comes before our paths where others read them, as far as it is known."""
    if public := config.get().public_url:
        return public
    # A path of ours begins with where the app is mounted.
    return request.host_url.rstrip("/")


# Where an app is mounted is part of its addresses.
@lru_cache(_MOST)
def _around(endpoint: str, name: str, stand_in: int | UUID, _: str) -> tuple[str, str]:
    values: dict[str, Any] = {name: stand_in}
    before, _, after = url_for(endpoint, **values).partition(str(stand_in))
    return before, after


@lru_cache(_MOST)
def _of_file(name: str, _: str) -> str:
    return url_for("static", filename=name)


@lru_cache(_MOST)
def _of_page(endpoint: str, _: str) -> str:
    return url_for(endpoint)
