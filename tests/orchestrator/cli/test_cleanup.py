import json

import pytest

from tests.orchestrator.cli.conftest import Kumo
from tests.orchestrator.cli.refusals import sentence
from tests.orchestrator.ledger import given, outdated

pytestmark = pytest.mark.usefixtures("database")


def test_what_would_go_is_told_and_left_and_then_it_goes(kumo: Kumo) -> None:
    outdated.items(given.a_target(), 1_200, days=40)
    assert kumo("cleanup", "--dry-run").output == "Would go:\nKIND    ROWS\nitems  1,200\n"
    assert kumo("cleanup", "--days", "41").output == "Nothing is old enough to go.\n"
    assert given.count("scraped_items") == 1_200
    assert json.loads(kumo("cleanup", "--json").output)["items"] == 1_200
    assert given.count("scraped_items") == 0


def test_days_that_are_none_are_refused(kumo: Kumo) -> None:
    assert "from 1 to 36,500" in sentence(kumo("cleanup", "--days", "0"))
