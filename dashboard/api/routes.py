"""Routes: what can be asked, said once.

A route knows its address, whom it is for, what it takes and what it answers. From that a request is
read, and the document written; so they cannot disagree.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, Response, current_app, request
from pydantic import BaseModel

from dashboard.api import reading
from dashboard.api.models.shown import Query
from orchestrator.ledger.models import Role

View = TypeVar("View", bound=Callable[..., Any])

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of a route when all is well, as the document has it."""

    says: str
    model: type[BaseModel] | None = None
    #: By name, what each says.
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Of what is no JSON.
    media_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one address."""

    method: str
    path: str
    noun: str
    view: Callable[..., Any]
    answers: Mapping[int, Answer]
    needs: Role = Role.ADMIN
    query: type[BaseModel] = Query
    body: type[BaseModel] | None = None
    body_optional: bool = False
    #: By name, what each header that it looks at says.
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Statuses of problems beside those that any such route may have.
    problems: tuple[int, ...] = ()

    @property
    def endpoint(self) -> str:
        return f"{self.view.__module__.rpartition('.')[2]}.{self.view.__name__}"


class Routes:
    """The routes of one noun."""

    def __init__(self, noun: str, says: str) -> None:
        self.noun = noun
        self.says = says
        self.all: list[Route] = []

    def add(
        self, method: str, path: str, *, answers: Mapping[int, Answer], **terms: Any
    ) -> Callable[[View], View]:
        """Marks a view as what answers there. It gets the parts of the path, `query` and `body`."""

        def mark(view: View) -> View:
            self.all.append(Route(method, path, self.noun, view, answers, **terms))
            return view

        return mark


def attach(app: Flask, nouns: list[Routes]) -> None:
    app.extensions["kumo_routes"] = {each.endpoint: each for noun in nouns for each in noun.all}
    app.extensions["kumo_nouns"] = nouns
    for route in app.extensions["kumo_routes"].values():
        app.add_url_rule(
            route.path,
            route.endpoint,
            _view(route),
            methods=[route.method],
            provide_automatic_options=False,
        )


def asked() -> Route:
    """The route of this request."""
    known: dict[str, Route] = current_app.extensions["kumo_routes"]
    return known[request.endpoint or ""]


def told(model: BaseModel, status: int = 200, **headers: str) -> Response:
    """A model as an answer; `_` in the name of a header stands for `-`."""
    answer = Response(model.model_dump_json(by_alias=True), status, mimetype=_JSON)
    for name, text in headers.items():
        answer.headers[name.replace("_", "-")] = text
    return answer


def _view(route: Route) -> Callable[..., Response]:
    @wraps(route.view)
    def answer(**parts: Any) -> Response:
        read = reading.query(route.query)
        if route.query is not Query:
            parts["query"] = read
        if route.body:
            parts["body"] = reading.body(route.body, optional=route.body_optional)
        given: Response | BaseModel = route.view(**parts)
        return given if isinstance(given, Response) else told(given)

    return answer
