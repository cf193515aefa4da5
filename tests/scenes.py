"""Storage and shops for a whole module of tests: the worker that serves it lives as long."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import URL

from orchestrator import config
from orchestrator import database as storage
from tests import brokers, databases, shops
from tests.pair import Pair, empty_redis
from tests.shops import OpenShop


@pytest.fixture(scope="module")
def database(pair: Pair, template: URL) -> Iterator[str]:
    """The address of a migrated database for this module; DATABASE_URL names it."""
    with databases.scratch(pair, template) as url, storing_in(url) as address:
        yield address


@pytest.fixture(scope="module")
def redis_url(pair: Pair) -> Iterator[str]:
    """The address of an empty Redis database for this module; REDIS_URL names it."""
    with empty_redis(pair) as url, brokers.connected_to(url):
        yield url


@pytest.fixture(scope="module")
def shop() -> Iterator[OpenShop]:
    """A small shop that answers at once."""
    with shops.opened() as shop:
        yield shop


@pytest.fixture(scope="module")
def slow_shop() -> Iterator[OpenShop]:
    """A shop that takes a crawl a few seconds, so that a test can meet it half-way."""
    with shops.opened(400, delay=0.06) as shop:
        yield shop


@contextmanager
def storing_in(url: URL) -> Iterator[str]:
    """DATABASE_URL names this database meanwhile; its address."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
        _forget_engine()
        yield url.render_as_string(hide_password=False)
        _forget_engine()
    config.get.cache_clear()


def _forget_engine() -> None:
    if storage.engine.cache_info().currsize:
        storage.engine().dispose()
    storage.engine.cache_clear()
    config.get.cache_clear()
