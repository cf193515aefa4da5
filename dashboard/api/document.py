"""The OpenAPI document: written from the routes, so it says what they do and nothing else.

pydantic writes the schemas in the dialect of JSON Schema that OpenAPI 3.1 is made of. What is left
for us is to put them in their places.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from dashboard.api import problems
from dashboard.api.problems import Problem
from dashboard.api.routes import Answer, Route, Routes
from orchestrator.ledger.tokens import ROLES

_SCOPES = {role: scope for scope, role in ROLES.items()}
_REFERENCE = "#/components/schemas/"
_PART = re.compile(r"<(?:(\w+)(?:\((.*?)\))?:)?(\w+)>")
_JSON = "application/json"
_NUMBER = {"type": "integer", "minimum": 0}
_PARTS: Mapping[str, tuple[dict[str, Any], str]] = {
    "target": ({"type": "string", "minLength": 1}, "The name of a target, or its id."),
    "job_id": ({"type": "string", "format": "uuid"}, "The id of a job."),
    "item_id": (_NUMBER, "The id of an item."),
    "kind": ({}, "The format of the file."),
}
_HEADERS = {
    429: {"Retry-After": "Seconds to wait."},
    503: {"Retry-After": "Seconds to wait."},
    401: {"WWW-Authenticate": "How to show a token."},
}
_SAYS = {
    400: "What was sent is no JSON.",
    401: "No token was shown, or one that is not known, has ended, or belongs to nobody any more.",
    403: "The token, or the person, may not do this; or a session sent no X-CSRFToken.",
    404: "There is no such thing.",
    409: "It cannot go there from where it stands.",
    412: "It is not any more as If-Match has it.",
    413: "That is too large.",
    415: "That is no JSON.",
    422: "A parameter or a field is wrong; `errors` says which, and what is wrong with it.",
    429: "Too many tokens from this address were wrong.",
    500: "Something went wrong here, and it has been logged.",
    503: "The database cannot be reached; nothing was changed.",
}
_ALWAYS = (401, 403, 422, 429, 500, 503)
_OF_BODIES = (400, 413, 415)
_INTRODUCTION = """\
Show a token with every request, as `Authorization: Bearer kumo_…`; `kumo token add NAME` makes one,
and so does the page of your account. A browser that is signed in may ask as well; to change
something it sends the header `X-CSRFToken` with what the field `csrf_token` of any page holds.

Times are in UTC. Lists have a `next`, which is given as `cursor` for what follows. A parameter that
is not known is refused. What went wrong is told as a problem (RFC 9457)."""


def attach(app: Flask) -> None:
    nouns: list[Routes] = app.extensions["kumo_nouns"]
    app.extensions["kumo_document"] = _once(nouns, app.config["SESSION_COOKIE_NAME"])


def of(app: Flask) -> dict[str, Any]:
    """The document of an API."""
    document: dict[str, Any] = app.extensions["kumo_document"]()
    return document


def _once(nouns: list[Routes], cookie: str) -> Any:
    return cache(lambda: _document(nouns, cookie))


def _document(nouns: list[Routes], cookie: str) -> dict[str, Any]:
    routes = [route for noun in nouns for route in noun.all]
    places, schemas = _schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        operation = _operation(route, places, schemas)
        paths.setdefault(_path(route), {})[route.method.lower()] = operation
    for route in routes:
        # A parameter is no thing of its own.
        schemas.pop(route.query.__name__, None)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Kumo", "version": version("kumo"), "description": _INTRODUCTION},
        "tags": [{"name": noun.noun, "description": noun.says} for noun in nouns],
        "paths": paths,
        "security": [{"token": []}, {"session": []}],
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": cookie},
            },
        },
    }


def _schemas(routes: Iterable[Route]) -> tuple[dict[type[BaseModel], Any], dict[str, Any]]:
    """Where the schema of each model is, and the schemas by name."""
    modes = dict(_models(routes))
    places, found = models_json_schema(list(modes.items()), ref_template=f"{_REFERENCE}{{model}}")  # type: ignore[arg-type]
    by_model: dict[Any, Any] = {model: place for (model, _), place in places.items()}
    return by_model, found["$defs"]


def _models(routes: Iterable[Route]) -> Iterator[tuple[type[BaseModel], str]]:
    yield Problem, "serialization"
    for route in routes:
        yield route.query, "validation"
        if route.body:
            yield route.body, "validation"
        yield from ((each.model, "serialization") for each in route.answers.values() if each.model)


def _operation(
    route: Route, places: Mapping[type[BaseModel], Any], schemas: Mapping[str, Any]
) -> dict[str, Any]:
    summary, _, more = (route.view.__doc__ or "").partition("\n")
    scope = _SCOPES[route.needs]
    says = " ".join(more.split())
    operation = {
        "operationId": route.endpoint,
        "tags": [route.noun],
        "summary": summary.strip().removesuffix("."),
        "description": f"{says} Needs the scope `{scope}`.".strip(),
        "parameters": [*_parts(route), *_parameters(route, schemas), *_headers(route)],
        "responses": {
            **{str(status): _answer(each, places) for status, each in route.answers.items()},
            **{str(status): _problem(status) for status in _problems(route)},
        },
        "x-kumo-scope": scope,
    }
    if route.body:
        operation["requestBody"] = {
            "required": not route.body_optional,
            "content": {_JSON: {"schema": places[route.body]}},
        }
    return operation


def _path(route: Route) -> str:
    return _PART.sub(r"{\3}", route.path)


def _parts(route: Route) -> Iterator[dict[str, Any]]:
    for converter, words, name in _PART.findall(route.path):
        schema, says = _PARTS[name]
        if converter == "any":
            schema = {"type": "string", "enum": words.split(",")}
        yield {"name": name, "in": "path", "required": True, "schema": schema, "description": says}


def _parameters(route: Route, schemas: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    model = schemas[route.query.__name__]
    for name, field in model.get("properties", {}).items():
        schema = {key: value for key, value in field.items() if key not in ("description", "title")}
        yield {
            "name": name,
            "in": "query",
            "required": name in model.get("required", ()),
            "schema": _without_null(schema),
            "description": field.get("description", ""),
        }


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """An address cannot say null; who means it leaves the parameter out."""
    kinds = [each for each in schema.get("anyOf", []) if each != {"type": "null"}]
    if len(kinds) == len(schema.get("anyOf", [])):
        return schema
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    return rest | (kinds[0] if len(kinds) == 1 else {"anyOf": kinds})


def _headers(route: Route) -> Iterator[dict[str, Any]]:
    for name, says in route.headers.items():
        schema = {"type": "string"}
        yield {
            "name": name,
            "in": "header",
            "required": False,
            "schema": schema,
            "description": says,
        }


def _problems(route: Route) -> list[int]:
    found = {*_ALWAYS, *route.problems}
    found |= {404} if _PART.search(route.path) else set()
    return sorted(found | set(_OF_BODIES if route.body else ()))


def _answer(answer: Answer, places: Mapping[type[BaseModel], Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"description": answer.says}
    if answer.model:
        told["content"] = {_JSON: {"schema": places[answer.model]}}
    elif answer.media_types:
        told["content"] = {each: {} for each in answer.media_types}
    if answer.headers:
        told["headers"] = _told_headers(answer.headers)
    return told


def _problem(status: int) -> dict[str, Any]:
    reference = {"$ref": f"{_REFERENCE}{Problem.__name__}"}
    told: dict[str, Any] = {
        "description": f"{HTTPStatus(status).phrase}: {_SAYS[status]}",
        "content": {problems.MEDIA_TYPE: {"schema": reference}},
    }
    if status in _HEADERS:
        told["headers"] = _told_headers(_HEADERS[status])
    return told


def _told_headers(headers: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: {"description": says, "schema": {"type": "string"}} for name, says in headers.items()
    }
