"""A site whose pages' scripts try every way out of their browser, and canaries that tell of it.

The site is on an address that a crawl may reach, the canaries on those of this machine that it may
not, by TCP and by UDP. Beside these it has the pages that would hold a browser up.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

NETWORK = "127.0.9.0/24"
HOST = "127.0.9.1"
#: Other sites, which a crawl may reach too.
ELSEWHERE = "127.0.9.2"
HOLDING = "127.0.9.3"
_CANARIES = ("127.0.0.1", "::1")
_WAYS = (Path(__file__).parent / "ways_out.html").read_text()


@dataclass
class HostileSite:
    """A running one."""

    port: int
    #: What reached each canary.
    lured: Counter[str] = field(default_factory=Counter)
    #: The headers of each request, by path.
    heard: dict[str, list[Mapping[str, str]]] = field(default_factory=dict)

    def url(self, path: str, host: str = HOST) -> str:
        return f"http://{host}:{self.port}{path}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        host = request.host.partition(":")[0]
        self.heard.setdefault(host + request.path, []).append(dict(request.headers))
        if request.path.startswith("/lure"):
            # A way of its own: what it asks for is elsewhere.
            raise web.HTTPFound(f"http://127.0.0.1:{self.port}/by-redirect")
        if request.path in _PAGES:
            return _PAGES[request.path](self)
        raise web.HTTPNotFound


def _html(text: str) -> web.Response:
    return web.Response(text=f"<!doctype html><title>-</title>{text}", content_type="text/html")


def _moved(url: str) -> web.Response:
    return web.Response(status=302, headers={"Location": url, "Set-Cookie": "moved=yes"})


_PAGES: Mapping[str, Callable[[HostileSite], web.Response]] = {
    "/ways-out": lambda site: _html(_WAYS.replace("PORT", str(site.port))),
    "/script": lambda _: _html("<p id=a></p><script>a.textContent = 'writ' + 'ten'</script>"),
    "/redirected-in": lambda site: _moved(f"http://127.0.0.1:{site.port}/by-document"),
    "/redirected-on": lambda site: _moved(site.url("/script", ELSEWHERE)),
    "/led-in": lambda site: _html(f"<script>location = 'http://127.0.0.1:{site.port}/'</script>"),
    "/led-on": lambda site: _html(
        f"<script>location = '{site.url('/script', ELSEWHERE)}'</script>"
    ),
    "/led-within": lambda _: _html("<script>location = '/script'</script>"),
    "/led-to-a-file": lambda _: _html("<script>location = 'file:///etc/hostname'</script>still"),
    "/frames": lambda site: _html(f"<iframe src='{site.url('/script', ELSEWHERE)}'></iframe>"),
    "/spins": lambda _: _html("<script>for (;;);</script>"),
    "/spins-later": lambda _: _html("<script>setTimeout(() => { for (;;); }, 50)</script>"),
    "/asks-people": lambda _: _html("<script>for (;;) alert(confirm(prompt('?')))</script>"),
    "/opens-pages": lambda _: _html(
        "<script>for (let n = 0; n < 30; n++) window.open('/script?' + n)</script>still"
    ),
    "/is-large": lambda _: _html("<script>document.write('<p>' + 'x'.repeat(3_000_000))</script>"),
    "/breaks": lambda _: _html(
        "<script>const all = []; for (;;) all.push(new Array(1e6).fill(1.5))</script>"
    ),
    "/data.json": lambda _: web.json_response({"price": 3}),
    "/saved": lambda _: web.Response(
        body=b"saved", headers={"Content-Disposition": "attachment", "Content-Type": "text/html"}
    ),
    "/worker.js": lambda site: web.Response(
        text=f"fetch('http://127.0.0.1:{site.port}/by-worker', {{mode: 'no-cors'}}).catch(() => 0);"
        f"try {{ importScripts('http://127.0.0.1:{site.port}/by-import') }} catch {{}}",
        content_type="text/javascript",
    ),
}


@contextmanager
def opened() -> Iterator[HostileSite]:
    """Runs until left, in a thread of its own."""
    site, loop = HostileSite(port=0), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def opening() -> AsyncExitStack:
        stack = AsyncExitStack()
        await _listen(site, stack)
        return stack

    stack = asyncio.run_coroutine_threadsafe(opening(), loop).result(timeout=10)
    try:
        yield site
    finally:
        asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _listen(site: HostileSite, stack: AsyncExitStack) -> None:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", site.answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, HOST, 0).start()
    site.port = runner.addresses[0][1]
    for host in (ELSEWHERE, HOLDING):
        await web.TCPSite(runner, host, site.port).start()
    for host in _CANARIES:
        server = await asyncio.start_server(_canary(site, host), host, site.port)
        stack.callback(server.close)
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda host=host: _Datagrams(site, host),  # type: ignore[misc]
            local_addr=(host, site.port),
        )
        stack.callback(transport.close)


def _canary(site: HostileSite, host: str) -> Callable[..., None]:
    def met(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        site.lured[f"tcp {host}"] += 1
        writer.close()

    return met


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, site: HostileSite, host: str) -> None:
        self._site, self._host = site, host

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._site.lured[f"udp {self._host}"] += 1
