from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard import scrapyd
from orchestrator import celery, config
from orchestrator.ledger import tokens
from orchestrator.ledger.models import Role, Scope
from tests.dashboard.conftest import _forget_broker
from tests.orchestrator.ledger import given

SPIDERS = ["demo_shop", "quotes", "Strange Spider"]


class Client:
    """A client of Scrapyd with a token of some scope; any user name will do."""

    def __init__(self, client: FlaskClient, token: str | None) -> None:
        self.client = client
        self.headers = {"Authorization": basic(token)} if token else {}

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = self.headers | options.pop("headers", {})
        return self.client.open(path, method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.ask("GET", path, **options)

    def told(self, name: str, **query: Any) -> dict[str, Any]:
        """What a GET endpoint says."""
        return answer(self.get(f"/{name}.json", query_string=query))

    def post(self, name: str, **form: Any) -> dict[str, Any]:
        """What a POST endpoint says."""
        return answer(self.ask("POST", f"/{name}.json", data=form))

    def schedule(self, spider: str, **form: Any) -> dict[str, Any]:
        return self.post("schedule", project="kumo", spider=spider, **form)


def answer(response: TestResponse) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.get_json()
    return found


def basic(token: str) -> str:
    return "Basic " + b64encode(f"anybody:{token}".encode()).decode()


def a_token(scope: Scope, name: str = "") -> str:
    user_id = given.a_person(f"{scope}{name}", role=Role.ADMIN)
    return given.do(tokens.make, user_id, name or scope.value, scope, timedelta(days=1))


def a_worker_that_knows(*spiders: str) -> None:
    given.execute(
        "INSERT INTO workers (name, pid, queues, slots, versions, spiders)"
        " VALUES ('w@here', 1, '{crawls}', 2, '{}', :spiders)",
        spiders=list(spiders),
    )


@pytest.fixture
def served(database: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    config.get.cache_clear()
    monkeypatch.setattr(celery.app.conf, "broker_url", redis_url)
    a_worker_that_knows(*SPIDERS)
    yield scrapyd.create_app().test_client()
    _forget_broker()


@pytest.fixture
def client(served: FlaskClient) -> Client:
    return Client(served, a_token(Scope.OPERATE))


@pytest.fixture
def reader(served: FlaskClient) -> Client:
    return Client(served, a_token(Scope.READ))


@pytest.fixture
def stranger(served: FlaskClient) -> Client:
    return Client(served, None)
