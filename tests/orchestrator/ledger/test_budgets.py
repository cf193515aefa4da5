"""What sites are called, and what they are to bear."""

import pytest

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


@pytest.mark.parametrize(
    "name", ["127.0.0.1:8001", "127.8.8.8", "localhost:80", "shop.localhost", "[::1]:9"]
)
def test_ones_own_machine_has_no_cap(name: str) -> None:
    assert budgets.default(name) == UNBOUND


@pytest.mark.parametrize("name", ["shop.example", "10.0.0.1", "localhost.example", "127.example"])
def test_any_other_site_has_the_default_budget(name: str) -> None:
    assert budgets.default(name) == Budget(10, 8)


@pytest.mark.usefixtures("database")
def test_a_crawl_is_told_what_the_row_says_or_else_the_default() -> None:
    assert budgets.of("shop.example") == Budget(10, 8)
    given.do(sites.save, "shop.example", requests_per_second=2.5)
    assert budgets.of("shop.example") == Budget(2.5, 8)
    given.do(sites.save, "shop.example", in_flight=0)
    assert budgets.of("shop.example") == Budget(10, 0)
