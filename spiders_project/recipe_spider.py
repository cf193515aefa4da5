"""RecipeSpider: a spider that needs no code, since its target's arguments are its recipe.

It is a plain Scrapy spider all the same: `scrapy crawl selector -a target=NAME` debugs one.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import ValidationError
from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider
from scrapy.http import Response

from orchestrator.ledger import recipes
from spiders_project import secrets
from spiders_project.checkpoint import Checkpoint
from spiders_project.extraction import Extracted, Page
from spiders_project.extraction.extractor import Extractor, PageUnreadable
from spiders_project.middlewares import GiveUpPages
from spiders_project.target_spider import TargetSpider


class RecipeSpider(TargetSpider):
    """Reads each page by its recipe, in a process of its own, and follows what the recipe says.

    Links lead no further than to the hosts of the start URLs. The crawl closes with `most_pages`
    when it has read as many pages as the recipe allows.
    """

    #: What every request of it carries, unless the recipe says otherwise.
    own_headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *args: Any, start_url: str | None = None, **arguments: Any) -> None:
        super().__init__(*args)
        if start_url:
            self.start_urls = [start_url]
        recipe = _read(self.name, arguments)
        self.headers = {**self.own_headers, **getattr(recipe, "headers", {})}
        self._most_pages: int | None = getattr(recipe, "most_pages", None)
        self._pages = 0
        self._told: set[str] = set()
        self._extractor = Extractor(self.name, arguments)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **arguments: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **arguments)
        crawler.signals.connect(spider._extractor.close, signals.spider_closed)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        for url in self.start_urls:
            yield Request(url, headers=self.headers, dont_filter=True)

    async def parse(self, response: Response) -> AsyncIterator[Any]:
        if self._has_enough():
            return
        self._pages += 1
        extracted = await self._extracted(response)
        for row in extracted.rows:
            yield secrets.of(self).hidden(row)
        for request in self._leading_on(extracted):
            yield request
        if self._has_enough():
            raise CloseSpider("most_pages")

    async def _extracted(self, response: Response) -> Extracted:
        kind = (response.headers.get("Content-Type") or b"").decode("latin-1")
        try:
            extracted = await self._extractor.extract(
                Page(response.url, response.body, {"content-type": kind})
            )
        except PageUnreadable as error:
            self._give_up(response, str(error))
            return Extracted()
        for fault in extracted.faults:
            if fault.sentence not in self._told:
                self._told.add(fault.sentence)
                self.logger.info("%s (%s)", fault.sentence, response.url)
        return extracted

    def _give_up(self, response: Response, reason: str) -> None:
        """Lists the page when the crawl is a job; the others are read all the same."""
        self.logger.warning("%s is given up: %s", response.url, reason)
        if give_up := self.crawler.get_downloader_middleware(GiveUpPages):
            assert response.request is not None
            give_up.give_up(response.request, reason)

    def _leading_on(self, extracted: Extracted) -> Iterator[Request]:
        if self._has_enough():
            return
        hosts = tuple(host(url) for url in self.start_urls)
        for link in extracted.links:
            url = secrets.of(self).hidden(link.url)
            if request := leading_to(hosts, url, self.headers):
                yield request

    def _has_enough(self) -> bool:
        if self._most_pages is None:
            return False
        checkpoint = self.crawler.get_extension(Checkpoint)
        others = checkpoint.pages_elsewhere if checkpoint else 0
        return self._pages + others >= self._most_pages


def _read(spider: str, arguments: Mapping[str, Any]) -> Any:
    """The recipe. Raises ValueError with every fault, each with its place."""
    try:
        return recipes.read(spider, arguments)
    except ValidationError as error:
        faults = (
            f"{'.'.join(map(str, each['loc'])) or spider}: {each['msg']}"
            for each in error.errors(include_url=False, include_input=False)
        )
        raise ValueError("; ".join(faults)) from None


def leading_to(hosts: tuple[str, ...], url: str, headers: Mapping[str, str]) -> Request | None:
    """The request for a link; None when it leads elsewhere, or nowhere.

    Judged as it is sent: Scrapy mends addresses, and makes a page of a.test of http://a.test\\@b.test.
    """
    try:
        request = Request(url, headers=headers)
    except ValueError:  # a port that is none, half a letter
        return None
    return request if is_of(host(request.url), hosts) else None


def host(url: str) -> str:
    """Whose pages it is one of; with www. and without are the same."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def is_of(host: str, hosts: tuple[str, ...]) -> bool:
    """Whether it is one of the hosts, or beneath one."""
    return any(host == one or host.endswith(f".{one}") for one in hosts)
