import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from kombu import pools
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from dashboard import create_app
from orchestrator import celery, config, frontiers, sites
from orchestrator import database as storage
from orchestrator.ledger.models import Role, ScrapingTarget
from tests.dashboard import rows
from tests.orchestrator.ledger import given
from tests.orchestrator.ledger.given import PASSWORD


class Browser:
    """A test client that carries the token of the page it was last shown."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.token = ""

    def get(self, path: str, **options: Any) -> TestResponse:
        return self._seen(self.client.get(path, **options))

    def post(self, path: str, data: dict[str, str] | None = None, **options: Any) -> TestResponse:
        fields = {"csrf_token": self.token} | (data or {})
        return self._seen(self.client.post(path, data=fields, **options))

    def sign_in(self, name: str, password: str = PASSWORD, **options: Any) -> TestResponse:
        self.get("/sign-in")
        return self.post("/sign-in", {"name": name, "password": password}, **options)

    def _seen(self, answer: TestResponse) -> TestResponse:
        if found := re.search(r'name="csrf_token"[^>]* value="([^"]+)"', answer.text):
            self.token = found[1]
        return answer


class Compiled(BytecodeCache):
    """Templates that an app before has compiled: each test has an app of its own."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self._code.get(f"{bucket.key} {bucket.checksum}"):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[f"{bucket.key} {bucket.checksum}"] = bucket.bytecode_to_string()


_COMPILED = Compiled()


@pytest.fixture
def app(database: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    monkeypatch.setenv("KUMO_SECRET_KEY", "a secret that only tests know")
    config.get.cache_clear()
    for role in Role:
        given.a_person(role.value, role=role)
    monkeypatch.setattr(celery.app.conf, "broker_url", redis_url)
    app = create_app()
    app.jinja_env.bytecode_cache = _COMPILED
    yield app
    _forget_broker()


def _forget_broker() -> None:
    """Celery keeps its connections as long as the process lives; the next test has a new Redis."""
    pools.reset()
    celery.app._pool = celery.app.amqp._producer_pool = None
    for module in (frontiers, sites):
        if module._redis.cache_info().currsize:
            module._redis().close()
        module._redis.cache_clear()


@pytest.fixture
def stranger(app: Flask) -> Browser:
    return Browser(app.test_client())


def _signed_in(app: Flask, role: Role) -> Browser:
    browser = Browser(app.test_client())
    browser.sign_in(role.value)
    browser.get("/targets")
    return browser


@pytest.fixture
def viewer(app: Flask) -> Browser:
    return _signed_in(app, Role.VIEWER)


@pytest.fixture
def operator(app: Flask) -> Browser:
    return _signed_in(app, Role.OPERATOR)


@pytest.fixture
def admin(app: Flask) -> Browser:
    return _signed_in(app, Role.ADMIN)


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session that commits by itself: what is added is there for the next request."""
    with Session(storage.engine().execution_options(isolation_level="AUTOCOMMIT")) as session:
        yield session


@pytest.fixture
def target(session: Session) -> ScrapingTarget:
    return rows.target(session)
