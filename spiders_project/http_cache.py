"""The HTTP cache: an unchanged page costs its site a few words instead of the page.

The site is asked each time, with what it called the state of the page when it was kept; only its
"not modified" brings the kept page, which is then parsed anew like any other. So nothing here can
make a crawl's items stale.
"""

from typing import Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Response

from orchestrator import config
from orchestrator.ledger.cached_pages import NewPage, PageCache, Validators
from orchestrator.ledger.claims import Claim
from spiders_project import conditions
from spiders_project.page_store import PageStore

_MB = 1024 * 1024


class HttpCache:
    """Asks for known pages on condition, and puts the kept page in place of "not modified".

    Reads `KUMO_CLAIM` and `KUMO_HTTP_CACHE`; there is none without a job. Sits between what counts
    the bytes of an answer and all that reads it: cookies, redirections and unpacking see the page
    as if it had been sent.
    """

    def __init__(self, crawler: Crawler, claim: Claim) -> None:
        self._crawler = crawler
        cache = PageCache(claim, most_bytes=config.get().cache_mb * _MB)
        self._store = PageStore(cache)
        self._known: dict[bytes, Validators] = {}
        #: Conditional requests on their way.
        self._asked: dict[Request, Validators] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        claim = crawler.settings["KUMO_CLAIM"]
        is_on = crawler.settings.getbool("KUMO_HTTP_CACHE") and config.get().cache_mb
        if claim is None or not is_on:
            raise NotConfigured
        cache = cls(crawler, claim)
        crawler.signals.connect(cache.spider_opened, signals.spider_opened)
        crawler.signals.connect(cache.spider_error, signals.spider_error)
        crawler.signals.connect(cache.spider_closed, signals.spider_closed)
        return cache

    async def spider_opened(self) -> None:
        self._known = await self._store.open()

    async def spider_closed(self) -> None:
        await self._store.close()

    def process_request(self, request: Request) -> None:
        if not self._known or not conditions.is_plain(request):
            return
        if known := self._known.get(self._key(request)):
            conditions.ask(request, known)
            self._asked[request] = known

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        asked = self._withdrawn(request)
        if asked is None:
            self._keep(request, response)
        elif response.status == 304:
            return await self._unchanged(request, response, asked)
        elif response.status == 412:
            # Some sites know conditions from uploads only.
            return self._whole(request)
        elif response.status == 200 and not self._keep(request, response):
            self.forget(request)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        self._withdrawn(request)

    def spider_error(self, response: Any) -> None:
        if isinstance(response, Response) and response.request:
            self.forget(response.request)

    def forget(self, request: Request) -> None:
        """The page is no good: next time it is fetched whole, whatever the site says of it."""
        if conditions.is_plain(request):
            key = self._key(request)
            self._known.pop(key, None)
            self._store.drop(key)

    def _withdrawn(self, request: Request) -> Validators | None:
        asked = self._asked.pop(request, None)
        if asked:
            conditions.withdraw(request)
        return asked

    def _keep(self, request: Request, response: Response) -> bool:
        validators = conditions.validators(response)
        if validators is None or not conditions.is_plain(request):
            return False
        page = NewPage(request.url, validators, conditions.copy_of(response))
        if self._store.keep(self._key(request), page):
            self._count("kept")
        return True

    async def _unchanged(
        self, request: Request, response: Response, asked: Validators
    ) -> Request | Response:
        key = self._key(request)
        copy = await self._store.read(key) if conditions.is_about(response, asked) else None
        if copy is None:
            return self._whole(request)
        if conditions.forbids_keeping(response):
            self.forget(request)
        else:
            self._store.see(key)
        self._count("unchanged")
        self._count("saved_bytes", len(copy.body))
        return conditions.restored(copy, response)

    def _whole(self, request: Request) -> Request:
        """The same request once more, without a condition: what was kept is of no use."""
        self._known.pop(self._key(request), None)
        self._count("fetched_again")
        return request.replace(dont_filter=True)

    def _key(self, request: Request) -> bytes:
        return conditions.key(request, self._crawler.request_fingerprinter.fingerprint(request))

    def _count(self, what: str, number: int = 1) -> None:
        self._crawler.stats.inc_value(f"kumo/cache_{what}", number)
