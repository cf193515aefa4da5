"""Bells for tests that look at what was rung, without a worker to answer them."""

from collections.abc import Iterator

import pytest

from tests import brokers


@pytest.fixture
def bells(redis_url: str) -> Iterator[str]:
    """The address of the Redis that is this test's broker."""
    with brokers.connected_to(redis_url):
        yield redis_url
