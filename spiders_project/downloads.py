"""The handler of http and https, with all that Kumo adds to Scrapy's."""

from typing import Any

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from orchestrator import chromium
from spiders_project import turns
from spiders_project.addresses import PublicAddresses


class Downloads(PublicAddresses):
    """Public addresses, bounded heads, and each request waits for its site's turn.

    Reads `KUMO_RENDER`: then pages are opened in a browser, unless a request says `playwright:
    False` in its meta. robots.txt and files that pipelines fetch are no pages.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._turns = turns.of(crawler)
        self._browser = _browser(crawler) if crawler.settings.getbool("KUMO_RENDER") else None

    async def download_request(self, request: Request) -> Response:
        site = await self._turns.take(request)
        response = None
        try:
            response = await super().download_request(request)
        finally:
            self._turns.leave(site, response)
        return response

    async def send(self, request: Request) -> Response:
        is_page = request.meta.get("playwright", request.callback is not NO_CALLBACK)
        rendered: Response | None = None
        if self._browser and is_page:
            rendered = await self._browser.render(request)
        return rendered or await super().send(request)

    async def close(self) -> None:
        await super().close()
        if self._browser:
            await self._browser.shut()


def _browser(crawler: Crawler) -> Any:
    chromium.require()
    # Only the extra brings what it needs.
    from spiders_project.rendering import browser

    return browser.of(crawler)
