import pytest

from orchestrator.ledger import demo_targets, targets
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")


def test_the_demo_shop_is_active_and_the_internet_waits() -> None:
    given.do(demo_targets.register)
    assert given.execute("SELECT name, active FROM scraping_targets ORDER BY id") == [
        ("demo_shop", True),
        ("books_toscrape", False),
        ("quotes_toscrape", False),
    ]


def test_registering_again_changes_nothing() -> None:
    given.do(demo_targets.register)
    given.execute("UPDATE scraping_targets SET priority = 1")
    given.do(demo_targets.register)
    assert given.count("scraping_targets", "priority = 1") == given.count("scraping_targets") == 3


def test_a_demo_target_that_a_person_deleted_stays_deleted() -> None:
    given.do(demo_targets.register)
    given.do(lambda session: targets.delete(session, targets.find(session, "demo_shop")))
    given.do(demo_targets.register)
    assert given.count("scraping_targets", "deleted_at IS NULL") == 2
