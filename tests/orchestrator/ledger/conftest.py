"""Every test of the ledger has a database of its own."""

import pytest

from tests.orchestrator.ledger import given


@pytest.fixture(autouse=True)
def _own_database(database: str) -> None:
    """Cloned from the migrated template."""


@pytest.fixture
def target_id() -> int:
    return given.a_target()
