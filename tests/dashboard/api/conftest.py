from collections.abc import Callable
from typing import Any

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from orchestrator import database as storage
from orchestrator.ledger import people, tokens
from orchestrator.ledger.models import Role, Scope

V1 = "/api/v1"
OF = {Role.VIEWER: Scope.READ, Role.OPERATOR: Scope.OPERATE, Role.ADMIN: Scope.ADMIN}


class Program:
    """A program that shows a token with all it asks."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client = client
        self.token = token

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> TestResponse:
        """A path of the API, or one that the API itself has told."""
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        if body is not None:
            options |= {"data": orjson.dumps(body), "content_type": "application/json"}
        path = path if path.startswith(V1) else V1 + path
        return self.client.open(path, method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.ask("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.ask("POST", path, body, **options)

    def all_of(self, path: str, **query: Any) -> list[Any]:
        """A list to its end, part by part."""
        found: list[Any] = []
        answer = self.get(path, query_string=query)
        while True:
            assert answer.status_code == 200, answer.text
            found += answer.json["items"]
            if answer.json["next"] is None:
                return found
            link = answer.headers["Link"].removeprefix("<").partition(">")[0]
            answer = self.get(link)


def made(scope: Scope, *, of: str = "admin", name: str = "a program") -> str:
    """A token of somebody."""
    with storage.transaction() as session:
        return tokens.make(session, people.find(session, of).id, name, scope, None)


@pytest.fixture
def program(app: Flask) -> Callable[[Scope], Program]:
    return lambda scope: Program(app.test_client(), made(scope))


@pytest.fixture
def reading(program: Callable[[Scope], Program]) -> Program:
    return program(Scope.READ)


@pytest.fixture
def operating(program: Callable[[Scope], Program]) -> Program:
    return program(Scope.OPERATE)
