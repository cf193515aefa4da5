"""Celery's and the frontiers' connections, for a test whose Redis is not the one before."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from kombu import pools

from orchestrator import celery, config, frontiers, sites


@contextmanager
def connected_to(url: str) -> Iterator[None]:
    """REDIS_URL and the Celery app name this Redis."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REDIS_URL", url)
        _forget_connections()
        before = celery.app.conf.broker_url
        celery.app.conf.update(broker_url=url, result_backend=url)
        try:
            yield
        finally:
            _forget_connections()
            celery.app.conf.update(broker_url=before, result_backend=before)
    config.get.cache_clear()


@contextmanager
def silent() -> Iterator[str]:
    """The address of a Redis that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def _forget_connections() -> None:
    config.get.cache_clear()
    frontiers._redis.cache_clear()
    sites._redis.cache_clear()
    pools.reset()
    # Both were made for the address of an earlier test.
    celery.app._pool = celery.app.amqp._producer_pool = None
    # So were those for results; they would look for a server that has stopped.
    celery.app._backend_cache = None
    celery.app._local.__dict__.pop("backend", None)
