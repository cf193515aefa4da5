"""Where the links of a page lead a crawl that needs no code."""

import pytest

from spiders_project.recipe_spider import leading_to

HOSTS = ("shop.test",)


@pytest.mark.parametrize(
    "url", ["https://shop.test/a", "https://www.shop.test/", "https://en.shop.test:8443/"]
)
def test_links_to_the_same_website_are_followed(url: str) -> None:
    request = leading_to(HOSTS, url, {"X-Key": "1"})
    assert request
    assert (request.url, request.headers["X-Key"]) == (url, b"1")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.test/",
        "https://shop.test.evil.test/",
        "https://shop.test@evil.test/",
        # The host is shop.test to a parser of addresses, and what is before it to a browser.
        "https://evil.test\\@shop.test/",
        "https://evil.test:80\\@shop.test/",
    ],
)
def test_links_to_other_websites_are_not(url: str) -> None:
    assert leading_to(HOSTS, url, {}) is None


@pytest.mark.parametrize(
    "url", ["https://shop.test:port/", "https://shop.test:99999/", "https://shop.test/\ud800"]
)
def test_a_link_that_is_no_address_is_left_out_and_spoils_no_other(url: str) -> None:
    assert leading_to(HOSTS, url, {}) is None
