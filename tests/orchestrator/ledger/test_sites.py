"""What sites are called, and their budgets."""

import pytest

from orchestrator.exceptions import SiteInvalid
from orchestrator.ledger import budgets, sites
from orchestrator.ledger.budgets import UNBOUND, Budget
from tests.orchestrator.ledger import given


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://Shop.Example/a?b", "shop.example"),
        ("http://shop.example./", "shop.example"),
        ("http://shop.example:80/", "shop.example"),
        ("https://shop.example:443/", "shop.example"),
        ("http://shop.example:443/", "shop.example:443"),
        ("https://me:secret@shop.example:8080/", "shop.example:8080"),
        ("http://例え.jp/", "xn--r8jz45g.jp"),
        ("http://[2001:DB8::1]:8080/", "[2001:db8::1]:8080"),
        ("http://[2001:db8::1]/", "[2001:db8::1]"),
        ("data:,x", ""),
        ("http://shop.example:99999/", ""),
    ],
)
def test_a_site_is_a_host_and_a_port_of_its_own(url: str, name: str) -> None:
    assert budgets.name_of(url) == name


@pytest.mark.parametrize("text", ["shop.example", " https://shop.example/x ", "SHOP.example:443"])
def test_a_person_may_name_a_site_by_any_address(text: str) -> None:
    assert sites.named(text) == "shop.example"


@pytest.mark.parametrize(
    "name", ["127.0.0.1:8001", "127.8.8.8", "localhost:80", "shop.localhost", "[::1]:9"]
)
def test_ones_own_machine_has_no_cap(name: str) -> None:
    assert budgets.default(name) == UNBOUND


@pytest.mark.parametrize("name", ["shop.example", "10.0.0.1", "localhost.example", "127.example"])
def test_any_other_site_has_the_default_budget(name: str) -> None:
    assert budgets.default(name) == Budget(10, 8)


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
