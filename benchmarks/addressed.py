"""Which database this process speaks to, for a while."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from orchestrator import config, database


@contextmanager
def addressed(url: str) -> Iterator[None]:
    """Kumo's own code asks the database of that address while the context lasts."""
    before = os.environ.get("DATABASE_URL")
    os.environ["DATABASE_URL"] = url
    _forget()
    try:
        yield
    finally:
        _forget()
        os.environ.pop("DATABASE_URL")
        if before:
            os.environ["DATABASE_URL"] = before


def _forget() -> None:
    if database.engine.cache_info().currsize:
        database.engine().dispose()
    database.engine.cache_clear()
    config.get.cache_clear()
