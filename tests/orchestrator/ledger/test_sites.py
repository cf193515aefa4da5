"""Sites that people gave a budget, and how they name them."""

import pytest

from orchestrator.exceptions import SiteInvalid
from orchestrator.ledger import sites
from orchestrator.ledger.budgets import Budget
from tests.orchestrator.ledger import given


@pytest.mark.parametrize("text", ["shop.example", " https://shop.example/x ", "SHOP.example:443"])
def test_a_person_may_name_a_site_by_any_address(text: str) -> None:
    assert sites.named(text) == "shop.example"


@pytest.mark.usefixtures("database")
def test_what_a_row_leaves_open_is_the_default() -> None:
    given.do(sites.save, "127.0.0.1", requests_per_second=2)
    found = given.do(sites.find, "127.0.0.1")
    assert sites.budget("127.0.0.1", found) == Budget(2, 8)
    given.do(sites.save, "127.0.0.1", in_flight=0)
    assert sites.budget("127.0.0.1", given.do(sites.find, "127.0.0.1")) == Budget(10, 0)
    given.do(sites.forget, "127.0.0.1")
    assert given.do(sites.find, "127.0.0.1") is None


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("budget", [{"requests_per_second": -1}, {"in_flight": 10_001}])
def test_a_budget_has_bounds(budget: dict[str, float]) -> None:
    with pytest.raises(SiteInvalid, match="From 0, for no cap, to 10000"):
        given.do(sites.save, "shop.example", **budget)
