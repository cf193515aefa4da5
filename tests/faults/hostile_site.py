"""A website that does its crawlers harm: it hangs, drips, bursts, loops and never ends.

`python -m tests.faults.hostile_site` serves it on a free port; `opened()` does so in a process of
its own. Its front page (`/?good=10&to=/a,/b`) links to so many good pages and to those named.
"""

import argparse
import asyncio
import gzip
import itertools
import json
import subprocess
import sys
import urllib.request
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache

import brotli
from aiohttp import web
from backports import zstd

from tests.pair import END_WITH_US

#: So much is in each bomb, once it has gone off.
BOMB_MB = 300
_MB = 1024 * 1024

routes = web.RouteTableDef()
_fetched: Counter[str] = Counter()
#: How robots.txt and the sitemap behave, as the site was told when it was opened.
_ROBOTS: web.AppKey[str] = web.AppKey("robots", str)


@dataclass(frozen=True)
class HostileSite:
    """A running one."""

    url: str

    def front(self, *paths: str, good: int = 10) -> str:
        return f"{self.url}/?good={good}&to={','.join(paths)}"

    def fetched(self) -> dict[str, int]:
        """How often each path was asked for."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.url}/_fetched", timeout=10) as answer:
            return dict(json.load(answer))


@contextmanager
def opened(*, robots: str = "good") -> Iterator[HostileSite]:
    """One in a process of its own; `robots`: good, hangs, endless, bomb, rules."""
    command = [sys.executable, "-m", "tests.faults.hostile_site", "--robots", robots]
    with subprocess.Popen([*END_WITH_US, *command], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("http://"), line
            yield HostileSite(line.strip())
        finally:
            process.kill()


# Good pages


@routes.get("/")
async def front(request: web.Request) -> web.Response:
    good = [f"/good/{number}" for number in range(int(request.query["good"]))]
    return _page([*good, *filter(None, request.query["to"].split(","))])


@routes.get("/good/{number}")
async def good(request: web.Request) -> web.Response:
    return _page([])


@routes.get("/_fetched")
async def fetched(request: web.Request) -> web.Response:
    return web.json_response(_fetched)


# Pages that take their time


@routes.get("/hangs/{number}")
async def hangs(request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


@routes.get("/drips/{number}")
async def drips(request: web.Request) -> web.StreamResponse:
    """A byte now and then."""
    answer = await _begun(request)
    while True:
        await answer.write(b"x")
        await asyncio.sleep(0.2)


@routes.get("/header-drips/{number}")
async def header_drips(request: web.Request) -> web.StreamResponse:
    return await _raw(request, itertools.repeat(b"X-More: 1\r\n"), pause=0.2)


# Pages that are too large


@routes.get("/endless/{number}")
async def endless(request: web.Request) -> web.StreamResponse:
    answer = await _begun(request)
    while True:
        await answer.write(b"<p>more and more</p>" * 10_000)


@routes.get("/endless-header/{number}")
async def endless_header(request: web.Request) -> web.StreamResponse:
    lines = b"".join(b"X-%d: %s\r\n" % (number, b"x" * 1_000) for number in range(100))
    return await _raw(request, itertools.repeat(lines))


@routes.get("/two-gigabytes/{number}")
async def two_gigabytes(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "text/html"})
    answer.content_length = 2 * 1024 * _MB
    await answer.prepare(request)
    for _ in range(2 * 1024):
        await answer.write(b"x" * _MB)
    return answer


@routes.get("/bomb/{coding}/{number}")
async def bomb(request: web.Request) -> web.Response:
    coding = request.match_info["coding"]
    return web.Response(
        body=_bomb(coding),
        headers={"Content-Encoding": _NAMES[coding], "Content-Type": "text/html"},
    )


@routes.get("/many-codings/{number}")
async def many_codings(request: web.Request) -> web.Response:
    """Packed a thousand times: each layer is another piece of work."""
    return web.Response(
        body=_packed_often(),
        headers={"Content-Encoding": ", ".join(["gzip"] * 1_000), "Content-Type": "text/html"},
    )


@routes.get("/megabytes/{size}/{number}")
async def megabytes(request: web.Request) -> web.Response:
    """A page of this size, as hard to hold as pages get: short elements, and links to follow."""
    return web.Response(body=_elements(int(request.match_info["size"])), content_type="text/html")


@routes.get("/links/{most}")
async def links(request: web.Request) -> web.Response:
    """A page of many links, each to another page and fifty bytes long: five megabytes of them."""
    most = int(request.match_info["most"])
    return _page([f"/good/{number}?{number:030d}" for number in range(most)])


# Pages without end


@routes.get("/circle/{number}")
async def circle(request: web.Request) -> web.Response:
    """Sends its visitor to its neighbour, which sends them back."""
    number = int(request.match_info["number"])
    raise web.HTTPFound(f"/circle/{number ^ 1}")


@routes.get("/wall/{number}")
async def wall(request: web.Request) -> web.Response:
    """Sends whoever has no cookie to a page that gives one, and that sends them back."""
    if request.cookies.get("seen"):
        return _page([])
    raise web.HTTPFound(f"/gate/{request.match_info['number']}")


@routes.get("/gate/{number}")
async def gate(request: web.Request) -> web.Response:
    answer = web.HTTPFound(f"/wall/{request.match_info['number']}")
    answer.set_cookie("seen", "1")
    raise answer


@routes.get("/further/{number}")
async def further(request: web.Request) -> web.Response:
    raise web.HTTPFound(f"/further/{int(request.match_info['number']) + 1}")


@routes.get("/refreshes/{number}")
async def refreshes(request: web.Request) -> web.Response:
    """Likewise, in the page itself."""
    url = f"/refreshes/{int(request.match_info['number']) + 1}"
    text = f'<html><head><meta http-equiv="refresh" content="0; url={url}"></head></html>'
    return web.Response(text=text, content_type="text/html")


@routes.get("/calendar/{day}")
async def calendar(request: web.Request) -> web.Response:
    """Each day links to the days after it."""
    day = int(request.match_info["day"])
    return _page([f"/calendar/{later}" for later in range(10 * day + 1, 10 * day + 11)])


@routes.get("/deeper/{rest:.*}")
async def deeper(request: web.Request) -> web.Response:
    """Links to a page below it, with a longer address each time."""
    return _page([f"{request.path}/deeper-and-deeper-still", f"{request.path}?q={'q' * 3_000}"])


# Pages that are broken


@routes.get("/wrong-charset/{number}")
async def wrong_charset(request: web.Request) -> web.Response:
    body = "蜘蛛 <a href='/good/1'>雲</a>".encode("shift_jis")
    return web.Response(body=body, headers={"Content-Type": "text/html; charset=utf-9000"})


@routes.get("/dropped/{number}")
async def dropped(request: web.Request) -> web.StreamResponse:
    """Ends in the middle of a body whose length it had told."""
    answer = web.StreamResponse(headers={"Content-Type": "text/html"})
    answer.content_length = 1_000
    await answer.prepare(request)
    await answer.write(b"half a pa")
    assert request.transport is not None
    request.transport.abort()
    return answer


@routes.get("/nested/{most}")
async def nested(request: web.Request) -> web.Response:
    """Elements within elements within elements."""
    return web.Response(body=b"<div>" * int(request.match_info["most"]), content_type="text/html")


# What is asked for before any page


@routes.get("/robots.txt")
async def robots(request: web.Request) -> web.StreamResponse:
    match request.app[_ROBOTS]:
        case "hangs":
            return await hangs(request)
        case "endless":
            answer = await _begun(request)
            while True:
                await answer.write(b"Disallow: /nothing/of/ours\n" * 10_000)
        case "bomb":
            return web.Response(body=_bomb("gzip"), headers={"Content-Encoding": "gzip"})
        case "rules":
            rules = b"".join(b"Disallow: /*%d*/%d$\n" % (n, n) for n in range(300_000))
            return web.Response(body=b"User-agent: *\n" + rules, content_type="text/plain")
    return web.Response(text="User-agent: *\nDisallow: /forbidden\n")


@routes.get("/sitemap.xml.gz")
async def sitemap(request: web.Request) -> web.Response:
    return web.Response(body=_bomb("gzip"), content_type="application/gzip")


# How it is done


def _page(links: list[str]) -> web.Response:
    anchors = "".join(f'<a href="{link}">go</a>\n' for link in links)
    return web.Response(text=f"<html><body>{anchors}</body></html>", content_type="text/html")


async def _begun(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "text/html"})
    answer.enable_chunked_encoding()
    await answer.prepare(request)
    return answer


async def _raw(
    request: web.Request, parts: Iterator[bytes], *, pause: float = 0
) -> web.StreamResponse:
    """The head of an answer, written past aiohttp, which would not send such a thing."""
    transport = request.transport
    assert isinstance(transport, asyncio.Transport)
    transport.write(b"HTTP/1.1 200 OK\r\n")
    for part in parts:
        if transport.is_closing():
            break
        transport.write(part)
        while transport.get_write_buffer_size() > _MB and not transport.is_closing():
            await asyncio.sleep(0.01)
        await asyncio.sleep(pause)
    raise ConnectionResetError


_NAMES = {"gzip": "gzip", "br": "br", "zstd": "zstd", "deflate": "deflate", "nested": "gzip, gzip"}


@cache
def _bomb(coding: str) -> bytes:
    """Three hundred megabytes of elements, packed."""
    if coding == "nested":
        return gzip.compress(_bomb("gzip"))
    return b"".join(_packed(_PACKERS[coding]()))


class _Gzip:
    """zlib's compressor, with gzip's head and tail."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj(6, wbits=31)

    def process(self, data: bytes) -> bytes:
        return self._packer.compress(data)

    def finish(self) -> bytes:
        return self._packer.flush()


class _Deflate(_Gzip):
    def __init__(self) -> None:
        self._packer = zlib.compressobj(6)


class _Zstd:
    def __init__(self) -> None:
        self._packer = zstd.ZstdCompressor()

    def process(self, data: bytes) -> bytes:
        return self._packer.compress(data)

    def finish(self) -> bytes:
        return self._packer.flush()


class _Brotli:
    def __init__(self) -> None:
        self._packer = brotli.Compressor(quality=1)

    def process(self, data: bytes) -> bytes:
        return bytes(self._packer.process(data))

    def finish(self) -> bytes:
        return bytes(self._packer.finish())


_PACKERS: dict[str, Callable[[], "_Gzip | _Zstd | _Brotli"]] = {
    "gzip": _Gzip,
    "deflate": _Deflate,
    "zstd": _Zstd,
    "br": _Brotli,
}


def _packed(packer: "_Gzip | _Zstd | _Brotli") -> Iterator[bytes]:
    piece = _elements(1)
    for _ in range(BOMB_MB):
        yield packer.process(piece)
    yield packer.finish()


@cache
def _elements(megabytes: int) -> bytes:
    links = b"".join(b"<a href='/good/%d'>" % (number % 10) for number in range(1_000))
    return links + (b"<p><a>b</a>" * (_MB // 11 + 1))[:_MB] * megabytes


@cache
def _packed_often() -> bytes:
    body = b"<p>so many layers</p>"
    for _ in range(1_000):
        body = gzip.compress(body, 1)
    return body


@web.middleware
async def _count(
    request: web.Request, handler: Callable[[web.Request], "asyncio.Future[web.StreamResponse]"]
) -> web.StreamResponse:
    _fetched[request.path] += 1
    with suppress(ConnectionError):
        return await handler(request)
    # The visitor has gone, and nobody wants to know.
    raise asyncio.CancelledError


async def _serve(robots: str) -> None:
    app = web.Application(middlewares=[_count])
    app[_ROBOTS] = robots
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    print(f"http://{host}:{port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--robots", default="good")
    asyncio.run(_serve(parser.parse_args().robots))
