"""The only way out of the browser: a small proxy in the crawler process.

A page's scripts may ask for any address, and a browser resolves and connects by itself. So it is
told to send everything here, where a name becomes an address once, that address is checked, and the
connection goes to just that one. It speaks plain HTTP and CONNECT, in which all else is wrapped.
"""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from orchestrator import networks
from orchestrator.networks import Network
from spiders_project import addresses
from spiders_project.addresses import AddressRefused

logger = logging.getLogger(__name__)

#: Browsers send less; a longer head is no request.
_MOST_HEAD_BYTES = 256 * 1024
_CHUNK_BYTES = 64 * 1024
#: A browser that says nothing for so long wants nothing; a site that does not answer, neither.
_HEAD_SECONDS, _CONNECT_SECONDS = 60, 15
#: Of so many servers it is known why nobody could connect to them.
_MOST_FAILURES = 1_000
#: They are about the connection to us. Ours to a site serves one request: the next on the browser's
#: may be for somebody else.
_HOP_BY_HOP = (b"proxy-", b"connection:", b"keep-alive:")

#: A server as the browser names it.
Server = tuple[str, int]
#: Gives the addresses of a server, in the order in which they are tried.
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolved(host: str, port: int) -> Sequence[str]:
    """What the system says; it reads every notation of an address as `connect` would."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(where[0]) for *_, where in found]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the browser asks for."""

    server: Server
    is_tunnel: bool
    #: What the server is sent first: the head as it wants it.
    head: bytes = b""
    body_bytes: int = 0

    @classmethod
    def read(cls, head: bytes) -> Self:
        """Raises ValueError for what no browser sends."""
        first, *lines = head.rstrip(b"\r\n").split(b"\r\n")
        method, target, _ = first.split(b" ")
        if method == b"CONNECT":
            return cls(_server(f"//{target.decode('ascii')}"), is_tunnel=True)
        url = target.decode("ascii")
        if not url.lower().startswith("http://"):
            raise ValueError("only http goes without a tunnel")
        parts = urlsplit(url)
        path = parts.path or "/"
        wanted = f"{path}?{parts.query}" if "?" in url else path
        kept = [line for line in lines if not line.lower().startswith(_HOP_BY_HOP)]
        start = b"%b %b HTTP/1.1" % (method, wanted.encode("ascii"))
        sent = b"\r\n".join([start, *kept, b"Connection: close", b"", b""])
        return cls(_server(url), is_tunnel=False, head=sent, body_bytes=_body_bytes(lines))


class Gateway:
    """Listens on this machine's loopback, for the browser that is told the port.

    What the browser is refused here looks to it like a server that does not answer; `why_not` says
    what it was.
    """

    def __init__(self, allowed: Sequence[Network], resolve: Resolve = resolved) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._server: asyncio.Server | None = None
        self._at_work: set[asyncio.Task[None]] = set()
        self._failures: dict[Server, Exception] = {}
        #: What came from sites.
        self.bytes_received = 0

    async def open(self) -> int:
        """Begins to listen; the port."""
        self._server = await asyncio.start_server(
            self._begin, "127.0.0.1", 0, limit=_MOST_HEAD_BYTES
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server:
            self._server.close()
        for task in self._at_work:
            task.cancel()
        await asyncio.gather(*self._at_work, return_exceptions=True)

    def why_not(self, url: str) -> Exception | None:
        """Why nobody could connect to that server the last time; None if somebody could."""
        try:
            return self._failures.get(_server(url))
        except ValueError:
            return None

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        # The loop itself does not keep it.
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_HEAD_SECONDS):
                asked = Asked.read(await reader.readuntil(b"\r\n\r\n"))
            await self._connected(asked, reader, writer)
        except (ValueError, OSError, EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
            logger.debug("A connection of the browser ends: %r", error)
        finally:
            writer.close()

    async def _connected(
        self, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            site = await self._connect(*asked.server)
        except (AddressRefused, OSError, TimeoutError) as error:
            self._note(asked.server, error)
            if asked.is_tunnel:
                writer.write(b"HTTP/1.1 502 No way\r\nContent-Length: 0\r\n\r\n")
            return
        self._failures.pop(asked.server, None)
        try:
            if asked.is_tunnel:
                writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
                await self._tunnel(reader, writer, *site)
            else:
                await self._exchange(asked, reader, writer, *site)
        finally:
            site[1].close()

    async def _connect(
        self, host: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connects to the first address that may be. Raises AddressRefused or OSError."""
        trouble: Exception = OSError(f"{host} has no address.")
        for address in await self._resolve(host, port):
            number = networks.numbered(address)
            kind = networks.refusal(number, self._allowed) if number else "no address"
            if kind:
                trouble = AddressRefused(addresses.about(address, kind))
                continue
            try:
                async with asyncio.timeout(_CONNECT_SECONDS):
                    # A number: nobody resolves anything again.
                    return await asyncio.open_connection(address, port)
            except (OSError, TimeoutError) as error:
                trouble = error
        raise trouble

    def _note(self, server: Server, error: Exception) -> None:
        if len(self._failures) >= _MOST_FAILURES:
            self._failures.pop(next(iter(self._failures)))
        self._failures[server] = error

    async def _tunnel(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        from_site: asyncio.StreamReader,
        to_site: asyncio.StreamWriter,
    ) -> None:
        """Hands on what both say until one of them is silent for good."""
        there = asyncio.ensure_future(_hand_on(reader, to_site))
        back = asyncio.ensure_future(self._hand_back(from_site, writer))
        await _first_of(there, back)

    async def _exchange(
        self,
        asked: Asked,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        from_site: asyncio.StreamReader,
        to_site: asyncio.StreamWriter,
    ) -> None:
        """One request and its answer; whatever the browser says afterwards ends the connection."""
        to_site.write(asked.head)
        left = asked.body_bytes
        while left > 0:
            if not (data := await reader.read(min(left, _CHUNK_BYTES))):
                return
            to_site.write(data)
            await to_site.drain()
            left -= len(data)
        back = asyncio.ensure_future(self._hand_back(from_site, writer))
        await _first_of(back, asyncio.ensure_future(reader.read(1)))

    async def _hand_back(
        self, from_site: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        async for data in _pieces(from_site):
            self.bytes_received += len(data)
            writer.write(data)
            await writer.drain()


async def _hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    async for data in _pieces(reader):
        writer.write(data)
        await writer.drain()


async def _pieces(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while data := await reader.read(_CHUNK_BYTES):
        yield data


async def _first_of(*tasks: asyncio.Future[Any]) -> None:
    """Waits for one of them and ends the others."""
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _server(url: str) -> Server:
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError("no server is named")
    return parts.hostname, parts.port or (443 if parts.scheme in ("https", "wss") else 80)


def _body_bytes(lines: Sequence[bytes]) -> int:
    headers = dict(line.lower().partition(b":")[::2] for line in lines)
    if b"transfer-encoding" in headers:
        raise ValueError("a body without a length")
    return int(headers.get(b"content-length", b"0"))
