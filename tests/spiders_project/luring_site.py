"""A site that lures crawls to hostile addresses, and canaries that tell who was lured.

Both listen on one port of loopback addresses: the site on those of `NETWORK`, which a crawl under
test may reach, the canaries on others, which it may not.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from urllib.parse import unquote

from tests.spiders_project import hostile_addresses

NETWORK = "127.0.9.0/24"
HOST = "127.0.9.1"
CANARIES = ("127.0.0.1", "127.0.0.2", "127.1.2.3", "127.255.255.254", "::1")


@dataclass
class LuringSite:
    """A running one."""

    port: int
    #: How often each canary was connected to.
    lured: Counter[str] = field(default_factory=Counter)
    #: What its visitors said they were.
    agents: set[str] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def hostile(self, way: str) -> dict[str, str]:
        """The addresses that this way leads to, each with what is said when it is refused.

        The ways: link, redirect, refresh, sitemap, robots-redirect, robots-sitemap; any other word
        gives addresses that nothing here leads to.
        """
        return hostile_addresses.urls(self.port, f"/{way}")

    def hosts_with_robots(self) -> list[str]:
        """Hosts of this site: the robots.txt of each redirects to a hostile address."""
        count = len(self.hostile("robots-redirect"))
        return [f"http://127.0.9.{number + 2}:{self.port}" for number in range(count)]

    def links(self, *hrefs: str) -> str:
        """A page that links to these."""
        return f"{self.url}/links?{'|'.join(hrefs)}"

    def answer(self, host: str, path: str) -> tuple[str, str]:
        """Status with headers, and a body."""
        path, _, query = path.partition("?")
        said, body = "404 Not Found", ""
        match path.strip("/").split("/"):
            case ["good"]:
                said = _HTML
            case ["lures"]:
                said, body = _HTML, _linked(self._lures())
            case ["links"]:
                said, body = _HTML, _linked(unquote(query).split("|"))
            case ["redirect", number]:
                said = f"302 Found\r\nLocation: {self._nth('redirect', number)}"
            case ["refresh", number]:
                said, body = _HTML, _refreshed(self._nth("refresh", number))
            case ["redirect-elsewhere"]:
                said = f"302 Found\r\nLocation: {unquote(query)}"
            case ["refresh-elsewhere"]:
                said, body = _HTML, _refreshed(unquote(query))
            case ["sitemap.xml"]:
                places = "".join(f"<url><loc>{url}</loc></url>" for url in self.hostile("sitemap"))
                said, body = "200 OK\r\nContent-Type: text/xml", f"<urlset>{places}</urlset>"
            case ["robots.txt"] if host == HOST:
                lines = (f"Sitemap: {url}\n" for url in self.hostile("robots-sitemap"))
                said, body = "200 OK\r\nContent-Type: text/plain", "".join(lines)
            case ["robots.txt"] if host.startswith("127.0.9."):
                number = str(int(host.rpartition(".")[2]) - 2)
                said = f"302 Found\r\nLocation: {self._nth('robots-redirect', number)}"
        return said, body

    def _lures(self) -> Iterator[str]:
        yield from self.hostile("link")
        for number in range(len(self.hostile("link"))):
            yield f"/redirect/{number}"
            yield f"/refresh/{number}"
        yield from (f"{host}/good" for host in self.hosts_with_robots())

    def _nth(self, way: str, number: str) -> str:
        return list(self.hostile(way))[int(number)]


_HTML = "200 OK\r\nContent-Type: text/html; charset=utf-8"


def _refreshed(url: str) -> str:
    return f"<meta http-equiv=refresh content='0; url={escape(url, quote=True)}'>"


def _linked(hrefs: Iterable[str]) -> str:
    return "".join(f"<p><a href='{escape(href, quote=True)}'>on</a>" for href in hrefs)


def _header(head: str, name: str) -> str:
    return head.partition(f"\r\n{name}: ")[2].partition("\r\n")[0]


@contextmanager
def opened() -> Iterator[LuringSite]:
    """One in a thread of this process."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        site, servers = asyncio.run_coroutine_threadsafe(_serve(), loop).result(10)
        yield site
        asyncio.run_coroutine_threadsafe(_closed(servers), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _closed(servers: Iterable[asyncio.Server]) -> None:
    for server in servers:
        server.close()
        await server.wait_closed()


async def _serve() -> tuple[LuringSite, list[asyncio.Server]]:
    site = LuringSite(port=0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except (OSError, asyncio.IncompleteReadError):
            return
        _, path, _ = head.split(" ", 2)
        host = _header(head, "Host").rpartition(":")[0]
        site.agents.add(_header(head, "User-Agent"))
        said, body = site.answer(host, path)
        content = body.encode()
        # No connection serves two pages, so each page needs one.
        ends = f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n"
        writer.write(f"HTTP/1.1 {said}\r\n{ends}".encode() + content)
        await writer.drain()
        writer.close()

    async def sing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        site.lured[writer.get_extra_info("sockname")[0]] += 1
        writer.close()

    # The port is chosen where most others of this machine listen too.
    servers = [await asyncio.start_server(sing, CANARIES[0], 0)]
    site.port = servers[0].sockets[0].getsockname()[1]
    servers += [await asyncio.start_server(sing, canary, site.port) for canary in CANARIES[1:]]
    others = [host.split("/")[2].split(":")[0] for host in site.hosts_with_robots()]
    servers.append(await asyncio.start_server(serve, [HOST, *others], site.port))
    return site, servers
