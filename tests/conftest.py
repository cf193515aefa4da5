"""What every test may ask for: a pair of servers, a database of its own, a Redis of its own.

No test reaches the databases or the home of whoever runs it: the environment is emptied first, and
what DATABASE_URL and REDIS_URL name is only used to make databases beside the ones that are there.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import URL, make_url

from orchestrator import config, driver, networks
from orchestrator import database as storage
from tests import databases
from tests.databases import OneForAll
from tests.pair import Pair, empty_redis, started

_GIVEN = {
    str(field.validation_alias): os.environ.pop(str(field.validation_alias), None)
    for field in config.Config.model_fields.values()
}


@pytest.fixture(scope="session", autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory) -> None:
    os.environ["KUMO_HOME"] = str(tmp_path_factory.mktemp("home"))
    # What a schedule starts in a test is not to wait for its turn.
    os.environ["KUMO_START_SPREAD_SECONDS"] = "0"
    # Where the sites are that tests crawl.
    os.environ["KUMO_ALLOW_NETWORKS"] = networks.written(networks.LOOPBACK)


@pytest.fixture(autouse=True)
def _fresh_config(request: pytest.FixtureRequest) -> Iterator[None]:
    config.get.cache_clear()
    if "database" not in request.fixturenames:
        _forget_engine()
    yield
    config.get.cache_clear()


@pytest.fixture(scope="session")
def pair() -> Iterator[Pair]:
    """A Postgres and a Redis for the whole session."""
    with TemporaryDirectory(prefix="kumo-pair-") as name:
        # Where root may make no namespace, Postgres runs as nobody, who has to get in here.
        (home := Path(name)).chmod(0o711)
        with started(home, _GIVEN["DATABASE_URL"], _GIVEN["REDIS_URL"]) as running:
            yield running


@pytest.fixture(scope="session")
def template(pair: Pair) -> Iterator[URL]:
    """A database with the schema that the migrations make, for others to be cloned from."""
    with databases.scratch(pair) as url:
        with _configured(url):
            import_module("orchestrator.migrations").upgrade()
        yield url


@pytest.fixture(scope="session")
def one_for_all(pair: Pair, template: URL) -> Iterator[OneForAll]:
    """A clone of the template that one test after the other gets empty."""
    shared = OneForAll(pair, template)
    yield shared
    shared.drop()


@pytest.fixture
def database(one_for_all: OneForAll, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty, migrated database; DATABASE_URL names it.

    The engine of the test before is kept, for the statements that it has compiled: to compile them
    for every test took a third of its time.
    """
    url = one_for_all.emptied().render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)
    config.get.cache_clear()
    if storage.engine.cache_info().currsize and not _engine_leads_there():
        _forget_engine()
    return url


@pytest.fixture
def redis_url(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty Redis database of this test's own; REDIS_URL names it."""
    with empty_redis(pair) as url:
        monkeypatch.setenv("REDIS_URL", url)
        config.get.cache_clear()
        yield url


@contextmanager
def _configured(url: URL) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
        _forget_engine()
        yield
    _forget_engine()


def _engine_leads_there() -> bool:
    return storage.engine().url == make_url(config.get().require_database_url())


def _forget_engine() -> None:
    if storage.engine.cache_info().currsize:
        storage.engine().dispose()
    storage.engine.cache_clear()
    driver.forget()
    config.get.cache_clear()
