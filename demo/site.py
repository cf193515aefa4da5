"""The shop's addresses: which page answers which request.

The day in an address is read once, before any page is chosen, so that a wrong one is refused in
the same way everywhere.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from demo import answers
from demo.answers import page
from demo.catalogue import LAST_DAY, Shop, day_of
from demo.counts import Counts
from demo.feeds import Feeds
from demo.pages import Pages
from demo.visit import SCRIPTED, Visit

STYLESHEET = Path(__file__).parent / "templates" / "shop.css"
SCRIPT = STYLESHEET.with_name("prices.js")
NO_SUCH_PAGE = "The shop has no such page on this day."
NO_SUCH_DAY = f"The day in an address is a number from 0 to {LAST_DAY:,}."

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Site:
    """One shop over HTTP. Without a `day` of its own it shows the clock's, in UTC."""

    def __init__(self, shop: Shop, *, day: int | None = None, delay: float = 0.0) -> None:
        self.pages = Pages(shop)
        self.feeds = Feeds(shop, self.pages.render)
        self.day = day
        self.delay = delay
        self.counts = Counts()
        self.stylesheet = STYLESHEET.read_text(encoding="utf-8")
        self.script = SCRIPT.read_text(encoding="utf-8")

    def application(self) -> web.Application:
        """The aiohttp application that serves the shop."""
        application = web.Application(middlewares=[self._count_and_wait, self._refuse])
        application.add_routes(
            [
                web.get("/", self._home),
                web.get("/category/{slug}", self._listing),
                web.get("/products/{sku}", self._product),
                web.get("/images/{sku}.svg", self._image),
                web.get("/shop.css", self._style),
                web.get("/prices.js", self._script),
                web.get("/prices/{sku}", self._price),
                web.get("/robots.txt", self._robots),
                web.get("/feed.xml", self._feed),
                web.get("/sitemap.xml", self._sitemap),
                web.get(r"/sitemap-{part:\d{1,4}}.xml", self._sitemap),
                web.get("/_stats", self._stats),
                web.delete("/_stats", self._reset_stats),
            ]
        )
        return application

    @web.middleware
    async def _count_and_wait(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path != "/_stats":
            self.counts.add(request.path_qs)
            if self.delay:
                await asyncio.sleep(self.delay)
        answer = await handler(request)
        if request.path != "/_stats":
            self.counts.bytes += _size(answer)
        return answer

    @web.middleware
    async def _refuse(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPNotFound:
            text = self.pages.missing(self._visit(request), NO_SUCH_PAGE)
            return web.Response(text=text, status=404, content_type="text/html")
        except web.HTTPBadRequest:
            text = self.pages.missing(self._own_visit(request), NO_SUCH_DAY)
            return web.Response(text=text, status=400, content_type="text/html")

    def _visit(self, request: web.Request) -> Visit:
        """Raises HTTPBadRequest for a day the shop has not."""
        asked = request.query.get("day")
        if asked is None:
            return self._own_visit(request)
        day = _number(asked)
        if day is None or day > LAST_DAY:
            raise web.HTTPBadRequest
        return Visit(day, asked=True, origin=_origin(request), scripted=_is_scripted(request))

    def _own_visit(self, request: web.Request) -> Visit:
        day = day_of(datetime.now(UTC).date()) if self.day is None else self.day
        return Visit(day, asked=False, origin=_origin(request), scripted=_is_scripted(request))

    async def _home(self, request: web.Request) -> web.Response:
        return page(request, self.pages.home(self._visit(request)))

    async def _listing(self, request: web.Request) -> web.Response:
        number = _number(request.query.get("page", "1"))
        slug = request.match_info["slug"]
        return page(request, self.pages.listing(self._visit(request), slug, number or 0))

    async def _product(self, request: web.Request) -> web.Response:
        visit, shop = self._visit(request), self.pages.shop
        product = shop.product(request.match_info["sku"], visit.day)
        if product is None:
            raise web.HTTPNotFound
        state = answers.state_of(product, visit, shop.pages)
        if answers.has(request, state, product.updated):
            return answers.unchanged(state)
        text = self.pages.product(visit, product)
        answer = web.Response(text=text, content_type="text/html", charset="utf-8")
        return answers.dated(answer, state, product.updated)

    async def _image(self, request: web.Request) -> web.Response:
        return page(request, self.pages.image(request.match_info["sku"]), "image/svg+xml")

    async def _style(self, request: web.Request) -> web.Response:
        return page(request, self.stylesheet, "text/css")

    async def _script(self, request: web.Request) -> web.Response:
        return page(request, self.script, "text/javascript")

    async def _price(self, request: web.Request) -> web.Response:
        product = self.pages.shop.product(request.match_info["sku"], self._visit(request).day)
        if product is None:
            raise web.HTTPNotFound
        return web.json_response({"price": f"{product.price:.2f}", "currency": product.currency})

    async def _robots(self, request: web.Request) -> web.Response:
        return page(request, self.feeds.robots(self._visit(request)), "text/plain")

    async def _feed(self, request: web.Request) -> web.Response:
        return page(request, self.feeds.rss(self._visit(request)), "application/rss+xml")

    async def _sitemap(self, request: web.Request) -> web.Response:
        part = request.match_info.get("part")
        text = self.feeds.sitemap(self._visit(request), int(part) if part else None)
        return page(request, text, "application/xml")

    async def _stats(self, _: web.Request) -> web.Response:
        return web.json_response(asdict(self.counts))

    async def _reset_stats(self, _: web.Request) -> web.Response:
        self.counts = Counts()
        return web.Response(status=204)


def _size(answer: web.StreamResponse) -> int:
    body = answer.body if isinstance(answer, web.Response) else None
    return len(body) if isinstance(body, bytes) else 0


def _is_scripted(request: web.Request) -> bool:
    return request.query.get("prices") == SCRIPTED


def _origin(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}"


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else None
