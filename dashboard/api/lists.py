"""Parts of lists: some rows, and a link to the next."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response, request
from werkzeug.urls import iri_to_uri

from dashboard.api.models.shown import Shown


def told(rows: Iterable[Shown], place: str | None) -> Response:
    """The rows, and where the next part begins; it is a link as well."""
    items = [orjson.Fragment(row.model_dump_json(by_alias=True)) for row in rows]
    return _answer(items, place)


def told_as_json(rows: Iterable[bytes], place: str | None) -> Response:
    """Likewise of rows that are JSON already."""
    return _answer([orjson.Fragment(row) for row in rows], place)


def _answer(items: list[Any], place: str | None) -> Response:
    answer = Response(orjson.dumps({"items": items, "next": place}), mimetype="application/json")
    if place:
        answer.headers["Link"] = f'<{_address(place)}>; rel="next"'
    return answer


def _address(place: str) -> str:
    """This request's own with another cursor."""
    kept = [(name, text) for name, text in request.args.items(multi=True) if name != "cursor"]
    return f"{request.root_path}{iri_to_uri(request.path)}?{urlencode([*kept, ('cursor', place)])}"
