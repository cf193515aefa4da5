"""The handler of http and https, with all that Kumo adds to Scrapy's."""

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from spiders_project import turns
from spiders_project.addresses import PublicAddresses


class Downloads(PublicAddresses):
    """Public addresses, bounded heads, and each request waits for its site's turn."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._turns = turns.of(crawler)

    async def download_request(self, request: Request) -> Response:
        site = await self._turns.take(request)
        response = None
        try:
            response = await super().download_request(request)
        finally:
            self._turns.leave(site, response)
        return response
