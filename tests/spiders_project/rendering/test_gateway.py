"""Whom the gateway connects to, and what it hands on."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_network

import pytest

from spiders_project.addresses import AddressRefused
from spiders_project.rendering.gateway import Asked, Gateway

INSIDE = ip_network("127.0.9.0/24")
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Site:
    """A server that notes what it is asked and answers with its address."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.port = 0

    async def open(self, *hosts: str) -> list[asyncio.Server]:
        servers = []
        for host in hosts:
            servers.append(await asyncio.start_server(self._serve, host, self.port))
            self.port = servers[0].sockets[0].getsockname()[1]
        return servers

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heard.append(head)
        here = writer.get_extra_info("sockname")[0].encode()
        # It keeps the connection, whatever it was told.
        length = b"Content-Length: %d" % len(here)
        writer.write(b"HTTP/1.1 200 OK\r\n%b\r\n\r\n%b" % (length, here))
        while more := await reader.read(1000):
            self.heard.append(more)
        writer.close()


def _run(
    test: Callable[[Gateway, Site, int], Awaitable[None]],
    resolve: Callable[[str, int], Awaitable[Sequence[str]]] | None = None,
) -> None:
    async def run() -> None:
        site = Site()
        servers = await site.open("127.0.9.1", "127.0.0.1")
        gateway = Gateway([INSIDE], resolve) if resolve else Gateway([INSIDE])
        try:
            async with asyncio.timeout(20):
                await test(gateway, site, await gateway.open())
        finally:
            await gateway.close()
            for server in servers:
                server.close()

    asyncio.run(run())


async def _said(port: int, text: str) -> tuple[bytes, Streams]:
    """The first that the gateway answers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text.replace("\n", "\r\n").encode())
    return await reader.read(10_000), (reader, writer)


@pytest.mark.parametrize("notation", ["127.0.0.1", "127.1", "0x7f.1", "localhost", "0.0.0.0"])
def test_no_notation_of_an_address_inside_is_connected_to(notation: str) -> None:
    async def test(gateway: Gateway, site: Site, port: int) -> None:
        server = f"{notation}:{site.port}"
        answer, (_, writer) = await _said(port, f"CONNECT {server} HTTP/1.1\n\n")
        assert answer.startswith(b"HTTP/1.1 502")
        plain, (_, other) = await _said(port, f"GET http://{server}/ HTTP/1.1\n\n")
        assert (plain, site.heard) == (b"", [])
        assert isinstance(gateway.why_not(f"http://{server}/page"), AddressRefused)
        writer.close()
        other.close()

    _run(test)


def test_the_address_that_was_checked_is_the_one_that_is_connected_to() -> None:
    answers = iter([["127.0.9.1"], ["127.0.0.1"], ["127.0.0.1", "127.0.9.1"]])

    async def rebinding(host: str, port: int) -> Sequence[str]:
        return next(answers)

    async def test(gateway: Gateway, site: Site, port: int) -> None:
        asked = f"GET http://rebinds.test:{site.port}/ HTTP/1.1\nHost: rebinds.test\n\n"
        told = []
        for _ in range(3):
            answer, (_, writer) = await _said(port, asked)
            told.append(answer.rpartition(b"\r\n")[2])
            writer.close()
        assert told == [b"127.0.9.1", b"", b"127.0.9.1"]

    _run(test, rebinding)


def test_a_request_goes_out_as_a_server_wants_it_and_alone() -> None:
    async def test(gateway: Gateway, site: Site, port: int) -> None:
        server = f"127.0.9.1:{site.port}"
        head = "Host: x\nProxy-Authorization: Basic secret\nConnection: keep-alive\n\n"
        answer, (reader, writer) = await _said(
            port, f"GET http://{server}/a?b=%20 HTTP/1.1\n{head}"
        )
        assert answer.endswith(b"127.0.9.1")
        assert site.heard == [b"GET /a?b=%20 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"]
        # What the browser asks next may be another server's, with cookies of that.
        writer.write(b"GET http://other.test/ HTTP/1.1\r\nCookie: a=b\r\n\r\n")
        assert await reader.read() == b""
        assert len(site.heard) == 1
        assert gateway.bytes_received == len(answer)
        writer.close()

    _run(test)


def test_a_tunnel_hands_on_what_both_say() -> None:
    async def test(gateway: Gateway, site: Site, port: int) -> None:
        answer, (reader, writer) = await _said(port, f"CONNECT 127.0.9.1:{site.port} HTTP/1.1\n\n")
        assert answer == b"HTTP/1.1 200 Connected\r\n\r\n"
        writer.write(b"anything\r\n\r\n")
        assert (await reader.read(10_000)).endswith(b"127.0.9.1")
        assert site.heard == [b"anything\r\n\r\n"]
        writer.close()

    _run(test)


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET file:///etc/passwd HTTP/1.1\r\n\r\n",
        b"GET https://a.test/ HTTP/1.1\r\n\r\n",
        b"POST http://a.test/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"CONNECT  HTTP/1.1\r\n\r\n",
        b"CONNECT a.test:99999 HTTP/1.1\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET http:/// HTTP/1.1\r\n\r\n",
    ],
)
def test_what_no_browser_sends_is_not_understood(head: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whichever it is
        Asked.read(head)
