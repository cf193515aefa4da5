"""Saved pages, as a spider would receive them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from scrapy.http import HtmlResponse, Request

PAGES = Path(__file__).parent / "pages"


@pytest.fixture
def saved_page() -> Callable[[str, str], HtmlResponse]:
    """`saved_page("quotes_toscrape", url)`: the response to that address."""

    def respond(name: str, url: str) -> HtmlResponse:
        body = (PAGES / f"{name}.html").read_bytes()
        return HtmlResponse(url, body=body, request=Request(url))

    return respond
