"""A website in a thread of this process, which notes when each request arrives."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread

from aiohttp import web

#: Answers a request with a status and headers instead of a page, by its path; None = the page.
Refusal = Callable[[str], tuple[int, Mapping[str, str]] | None]


@dataclass(frozen=True)
class Arrival:
    """A request, as the site saw it."""

    at: float
    path: str
    #: How many were being answered then, this one included.
    at_once: int


@dataclass
class WatchedSite:
    """A running one: `/a/20` links to twenty pages below `/a/`."""

    robots: str = ""
    delay: float = 0.02
    refuse: Refusal = lambda _: None
    url: str = ""
    arrivals: list[Arrival] = field(default_factory=list)
    _at_once: int = 0

    @property
    def name(self) -> str:
        return self.url.removeprefix("http://")

    def between(self, first: float, last: float) -> list[Arrival]:
        return [arrival for arrival in self.arrivals if first <= arrival.at < last]

    async def answer(self, request: web.Request) -> web.Response:
        self._at_once += 1
        self.arrivals.append(Arrival(time.monotonic(), request.path, self._at_once))
        try:
            if refusal := self.refuse(request.path):
                status, headers = refusal
                return web.Response(status=status, headers=headers)
            if request.path == "/robots.txt":
                return web.Response(text=self.robots)
            await asyncio.sleep(self.delay)
            return web.Response(text=_page(request.path), content_type="text/html")
        finally:
            self._at_once -= 1


@contextmanager
def opened(*, robots: str = "", delay: float = 0.02) -> Iterator[WatchedSite]:
    site = WatchedSite(robots, delay)
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(_serve(site), loop).result(timeout=10)
    try:
        yield site
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _serve(site: WatchedSite) -> web.AppRunner:
    app = web.Application()
    app.router.add_get("/{path:.*}", site.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    site.url = f"http://{host}:{port}"
    return runner


def _page(path: str) -> str:
    folder, _, last = path.rpartition("/")
    links = range(int(last)) if last.isdigit() and folder.count("/") == 1 else range(0)
    return "".join(f'<a href="{folder}/pages/{number}">{number}</a>' for number in links)
