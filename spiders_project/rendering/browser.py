"""The browser of a crawl: opens a page, waits for its scripts, and answers with what came of it.

scrapy-playwright knows how contexts, pages and responses come about. What is added is that nothing
leaves but by the gateway, that whatever a page does is over when its time is, and that its site is
asked for no more than what scripts need.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page
from playwright.async_api import Request as Asked
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, DownloadFailedError, DownloadTimeoutError
from scrapy.http import Headers, Response
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler

from orchestrator import chromium, config
from spiders_project.addresses import AddressRefused
from spiders_project.closing import BROWSER_TROUBLE, ask_to_close
from spiders_project.rendering import failures, folders, switches
from spiders_project.rendering.documents import Document
from spiders_project.rendering.failures import BrowserFailed
from spiders_project.rendering.gateway import Gateway

logger = logging.getLogger(__name__)

#: What no script needs to write a page, and half of what a page costs its site.
_UNWANTED = frozenset({"image", "media", "font", "ping"})
#: A page that asks for more asks for others' sake.
_MOST_REQUESTS = 500
#: A page is read when its scripts have asked for nothing for half a second, or after so long.
_SETTLE_SECONDS = 5
#: A page or a browser that does not close by then is killed.
_CLOSE_SECONDS = 5
#: The browser says these better, or has its own.
_LEFT_TO_BROWSER = frozenset(
    (b"Accept-Encoding", b"Connection", b"Content-Length", b"Cookie", b"Host")
)

_NO_PROXY = "No browser goes by a proxy here: do without (http_proxy, https_proxy)."

_of: "WeakKeyDictionary[Crawler, Browser]" = WeakKeyDictionary()


def of(crawler: Crawler) -> "Browser":
    """The one browser of a crawl, which all its handlers share."""
    if crawler not in _of:
        _of[crawler] = Browser(crawler)
    return _of[crawler]


class Browser(ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]  # it has no types
    """Renders pages in one Chromium, started for the first of them.

    Reads `DOWNLOAD_TIMEOUT`, `DOWNLOAD_MAXSIZE`, `DOWNLOAD_VERIFY_CERTIFICATES` and `USER_AGENT`.
    A spider may wait for more by scrapy-playwright's `playwright_page_methods`.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.abort_request = self._is_unwanted
        self.process_request_headers = self._headers
        # A page that breaks would be opened again at once.
        self.config.target_closed_max_retries = 0
        # What a page may take is told by DOWNLOAD_TIMEOUT alone.
        self.config.navigation_timeout_ms = 0
        self._settings = crawler.settings
        self._plain = Headers(self._settings.getdict("DEFAULT_REQUEST_HEADERS"))
        self._plain["User-Agent"] = self._settings["USER_AGENT"]
        self._gateway = Gateway(config.get().allow_networks or ())
        self._opening = asyncio.Lock()
        self._is_open = False
        self._folder = folders.made()
        self._pages: dict[Request, Page] = {}
        self._documents: WeakKeyDictionary[Page, Document] = WeakKeyDictionary()

    async def render(self, request: Request) -> Response | None:
        """The page as its scripts have left it, or where the site redirects; None of no HTML."""
        if request.meta.get("proxy"):
            raise AddressRefused(_NO_PROXY)
        await self._open()
        asked = request.copy()
        asked.meta["playwright"] = True
        asked.meta.setdefault("playwright_page_goto_kwargs", {"wait_until": "commit"})
        try:
            response: Response = await self._in_time(asked)
        except PlaywrightError as error:
            document = self._document(asked)
            if document and document.is_other:
                return None
            if not document or not document.redirection:
                raise failures.told(error, self._gateway.why_not(asked.url)) from None
            response = failures.redirecting(asked.url, document.redirection)
        else:
            if asked.meta.get("playwright_include_page"):
                # From here it is the spider's to close.
                self._pages.pop(asked, None)
        finally:
            await self._leave(asked)
            self.stats.set_value("kumo/browser_bytes", self._gateway.bytes_received)
        if not response.url.startswith(("http:", "https:")):
            raise DownloadFailedError("Its scripts have led it to a page that cannot be had.")
        request.meta.update(asked.meta)
        response.request = request
        return response

    async def shut(self) -> None:
        """Ends the browser, whatever its pages do."""
        async with self._opening:
            if self._is_open:
                self._is_open = False
                with suppress(PlaywrightError, TimeoutError):
                    async with asyncio.timeout(_CLOSE_SECONDS):
                        await self.close()
                folders.kill_users(self._folder)
                await self._gateway.close()
            folders.remove(self._folder)

    async def _open(self) -> None:
        async with self._opening:
            if self._is_open:
                return
            try:
                port = await self._gateway.open()
                program = chromium.require()
                self.config.launch_options = switches.launch_options(program, port, self._folder)
                with config.temporary_files_in(self._folder):
                    await self._launch()
                self._is_open = True
            except Exception as error:
                raise self._failed(error) from error

    def _failed(self, error: Exception) -> BrowserFailed:
        """Ends the crawl: no page of it could be rendered."""
        failed = failures.at_start(error)
        self.stats.set_value(BROWSER_TROUBLE, str(failed))
        ask_to_close(self._crawler, "browser_failed")
        return failed

    async def _in_time(self, asked: Request) -> Any:
        seconds = asked.meta.get("download_timeout") or self._settings.getfloat("DOWNLOAD_TIMEOUT")
        try:
            async with asyncio.timeout(seconds):
                return await self._download_request(asked)
        except TimeoutError as error:
            if asked not in self._pages:
                # It did not even open one.
                folders.kill_users(self._folder)
            told = f"It was not rendered within {seconds:g} seconds (DOWNLOAD_TIMEOUT)."
            raise DownloadTimeoutError(told) from error

    async def _leave(self, asked: Request) -> None:
        """Closes the page however it ended, unless the spider has it."""
        page = self._pages.pop(asked, None)
        if page is None or page.is_closed():
            return
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await page.close()
        except (PlaywrightError, TimeoutError):
            logger.warning("The browser is started anew: it does not close %s", asked)
            folders.kill_users(self._folder)

    def _document(self, asked: Request) -> Document | None:
        page = self._pages.get(asked)
        return self._documents.get(page) if page else None

    # What scrapy-playwright calls

    async def _maybe_launch_in_thread(self) -> None:
        """Not when the crawl begins, but for its first page."""

    async def _maybe_launch_browser(self) -> None:
        try:
            await super()._maybe_launch_browser()
        except PlaywrightError as error:
            raise self._failed(error) from error

    async def _create_browser_context(
        self, name: str, context_kwargs: Mapping[str, Any] | None, spider: Any = None
    ) -> Any:
        verify = self._settings.getbool("DOWNLOAD_VERIFY_CERTIFICATES")
        agent = self._settings["USER_AGENT"]
        options = switches.context_options(agent, verify=verify, wanted=context_kwargs or {})
        wrapper = await super()._create_browser_context(name, options, spider)
        # Stays open: with the last page its window would go, and a new one costs twice a page.
        await wrapper.context.new_page()
        return wrapper

    async def _create_page(self, request: Request, spider: Any) -> Page:
        page: Page = await super()._create_page(request, spider)
        self._pages[request] = page
        page.on("popup", _close)
        self._documents[page] = await Document.watched(page, request.url)
        if request.cookies:
            await page.context.add_cookies(_cookies(request))
        return page

    async def _apply_page_methods(self, page: Page, request: Request, spider: Any) -> None:
        await self._documents[page].parsed()
        with suppress(PlaywrightError):
            await page.wait_for_load_state("networkidle", timeout=_SETTLE_SECONDS * 1000)
        await super()._apply_page_methods(page, request, spider)
        most = request.meta.get("download_maxsize", self._settings.getint("DOWNLOAD_MAXSIZE"))
        if most and await self._documents[page].length() > most:
            raise DownloadCancelledError(
                f"its document is larger than DOWNLOAD_MAXSIZE ({most:,} bytes) once rendered"
            )

    def _is_unwanted(self, asked: Asked) -> bool:
        """Whether the page does without it; nothing is sent then."""
        if asked.resource_type in _UNWANTED or not asked.url.startswith(("http:", "https:")):
            return True
        document = self._document_of(asked)
        if document is None:
            return False
        document.requests += 1
        return document.requests > _MOST_REQUESTS

    async def _headers(
        self, *, playwright_request: Asked, scrapy_request_data: Mapping[str, Any], **_: Any
    ) -> Mapping[str, str]:
        """The browser's own, and for the document those that the spider has set.

        A header may hold a secret, so it goes with no other request of the page.
        """
        own: dict[str, str] = await playwright_request.all_headers()
        document = self._document_of(playwright_request)
        if document is None or document.has_begun or not _is_main(playwright_request):
            return own
        for name, values in scrapy_request_data["headers"].items():
            if name not in _LEFT_TO_BROWSER and values != self._plain.getlist(name):
                own[name.decode("latin-1").lower()] = b",".join(values).decode("latin-1")
        return own

    def _document_of(self, asked: Asked) -> Document | None:
        with suppress(PlaywrightError):
            return self._documents.get(asked.frame.page)
        return None


def _is_main(asked: Asked) -> bool:
    """It leads the whole page somewhere, and not a frame within."""
    return asked.is_navigation_request() and asked.frame.parent_frame is None


async def _close(page: Page) -> None:
    with suppress(PlaywrightError):
        await page.close()


def _cookies(request: Request) -> list[Any]:
    """Those that the spider has set; whatever a site sets, the browser keeps by itself."""
    given = request.cookies
    pairs = (
        given.items()
        if isinstance(given, dict)
        else [(each["name"], each["value"]) for each in given]
    )
    return [{"name": str(name), "value": str(value), "url": request.url} for name, value in pairs]
