"""Redirections, as Scrapy's middlewares build them."""

from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request, Spider
from scrapy.http import HtmlResponse, Response
from scrapy.settings import Settings

from spiders_project.responses import MetaRefreshes, Redirects

START = "https://api.test/feed?key=${KEY_1}"
REPEATED = "key=a%26b&page=2"


def _crawler() -> Any:
    spider = Spider("feed", start_urls=[START])
    return SimpleNamespace(settings=Settings(), spider=spider, get_spider_middleware=lambda _: None)


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUMO_SECRET_KEY_1", "a&b")


@pytest.mark.parametrize("host", ["api.test", "evil.test"])
def test_a_redirection_that_repeats_a_secret_has_its_name(host: str) -> None:
    request, url = Request(START), f"https://{host}/feed/?{REPEATED}"
    by_status = Response(request.url, status=302, headers={"Location": url}, request=request)
    refresh = f'<meta http-equiv="refresh" content="0; url={url}">'.encode()
    by_page = HtmlResponse(request.url, body=refresh, request=request)
    for middleware, response in (
        (Redirects(_crawler().settings), by_status),
        (MetaRefreshes(_crawler().settings), by_page),
    ):
        middleware.crawler = _crawler()
        following = middleware.process_response(request, response)
        assert isinstance(following, Request)
        assert following.url == f"https://{host}/feed/?key=$%7BKEY_1%7D&page=2"


@pytest.mark.parametrize(
    ("page", "follows"),
    [
        ('<META HTTP-EQUIV="Refresh" content="0; url=/next">', True),
        ("<p>refresh</p>", False),
        ("<p>" + 5_000 * "x" + '<meta http-equiv="refresh" content="0; url=/next">', False),
        ("<p>nothing of the kind</p>", False),
    ],
)
def test_a_page_is_redirected_where_scrapy_would(page: str, follows: bool) -> None:
    request = Request("https://api.test/feed")
    response = HtmlResponse(request.url, body=page.encode(), request=request)
    middleware = MetaRefreshes(_crawler().settings)
    middleware.crawler = _crawler()
    after = middleware.process_response(request, response)
    assert isinstance(after, Request) is follows
    assert follows or after is response
