"""The document that a page is made from, judged when its head has come and before it is read.

A redirection goes back to Scrapy, which asks robots.txt and the site's budget again, and takes no
secret along; what is no HTML is fetched as it is, since a browser would show it in a page of its
own or save it. Both are ended here, so the browser never goes where Scrapy has not sent it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from playwright.async_api import CDPSession, Page
from playwright.async_api import Error as PlaywrightError

from orchestrator.ledger import budgets

_REDIRECTING = frozenset({301, 302, 303, 307, 308})
_HTML = ("text/html", "application/xhtml+xml")
_DOCUMENTS = [
    {"urlPattern": "*", "resourceType": "Document", "requestStage": stage}
    for stage in ("Request", "Response")
]
_LOOK_SECONDS = 0.05
#: What the browser is told: the first ends the page, with the second it stays where it is.
_NO_PAGE, _STAY = "BlockedByClient", "Aborted"
#: The page cannot reach into it: what it says of the document is so.
_ASIDE = "kumo"


@dataclass(frozen=True, slots=True)
class Redirection:
    """What the site answered instead of a page."""

    status: int
    headers: Sequence[tuple[str, str]]


class Document:
    """The main document of a page, and of the pages that its scripts lead to."""

    def __init__(self, url: str, session: CDPSession, frame_id: str) -> None:
        self._url = url
        self._session = session
        self._frame_id = frame_id
        #: Its head has come.
        self.has_begun = False
        #: How much the page has asked for.
        self.requests = 0
        #: Where the site sent us; None if it did not.
        self.redirection: Redirection | None = None
        #: It is no HTML.
        self.is_other = False

    @classmethod
    async def watched(cls, page: Page, url: str) -> "Document":
        """Judges whatever that page loads from now on."""
        session = await page.context.new_cdp_session(page)
        tree = await session.send("Page.getFrameTree")
        document = cls(url, session, tree["frameTree"]["frame"]["id"])
        session.on("Fetch.requestPaused", document._judge)
        await session.send("Fetch.enable", {"patterns": _DOCUMENTS})
        return document

    async def parsed(self) -> None:
        """Returns when the document has been read to its end.

        Asked for and not waited for: a navigation that was ended here keeps the news of it back.
        """
        while await self._value("document.readyState") in (None, "loading"):
            await asyncio.sleep(_LOOK_SECONDS)

    async def length(self) -> int:
        """How many characters the document has by now."""
        return int(await self._value("document.documentElement.outerHTML.length") or 0)

    async def _value(self, expression: str) -> Any:
        """None while one document takes the place of another."""
        world = {"frameId": self._frame_id, "worldName": _ASIDE}
        try:
            context = (await self._session.send("Page.createIsolatedWorld", world)).values()
            asked = {"expression": expression, "contextId": next(iter(context))}
            answer = await self._session.send("Runtime.evaluate", asked)
        except PlaywrightError as error:
            if "closed" in error.message:
                raise
            return None
        return answer["result"].get("value")

    async def _judge(self, paused: Mapping[str, Any]) -> None:
        refusal = self._refusal(paused) if paused["frameId"] == self._frame_id else None
        asked = {"requestId": paused["requestId"]}
        try:
            if refusal:
                await self._session.send("Fetch.failRequest", asked | {"errorReason": refusal})
            else:
                await self._session.send("Fetch.continueRequest", asked)
        except PlaywrightError:
            # Its page is closed.
            return

    def _refusal(self, paused: Mapping[str, Any]) -> str | None:
        """The error for the browser, if it shall not go on; None if it may."""
        status, url = paused.get("responseStatusCode"), paused["request"]["url"]
        if status is None:
            return _STAY if self.has_begun and self._leads_away(url) else None
        named = [(each["name"], each["value"]) for each in paused.get("responseHeaders", ())]
        headers = {name.lower(): value for name, value in named}
        location = headers.get("location") if status in _REDIRECTING else None
        if self.has_begun:
            is_away = self._leads_away(urljoin(url, location)) if location else _is_other(headers)
            return _STAY if is_away else None
        self.has_begun = True
        if location:
            self.redirection = Redirection(status, named)
        else:
            self.is_other = _is_other(headers)
        return _NO_PAGE if location or self.is_other else None

    def _leads_away(self, url: str) -> bool:
        """Whether that is another site's, whose robots.txt nobody has asked."""
        return budgets.name_of(url) != budgets.name_of(self._url)


def _is_other(headers: Mapping[str, str]) -> bool:
    """Without a word about its kind a browser takes it for HTML if it looks so."""
    kind = headers.get("content-type", _HTML[0]).partition(";")[0].strip().lower()
    saved = headers.get("content-disposition", "").strip().lower().startswith("attachment")
    return saved or kind not in _HTML
