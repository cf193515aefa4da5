import pytest

from tests.orchestrator.ledger import given


@pytest.fixture
def target_id(database: str) -> int:
    """A target in a database of this test's own."""
    return given.a_target()
