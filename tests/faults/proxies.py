"""A small TCP proxy before Postgres that cuts a connection between a statement and its answer.

So nobody at the client's end can know whether a commit happened; here we decide which it was.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from itertools import cycle
from threading import Thread

from sqlalchemy import URL, make_url

#: The last bytes of an answer: Postgres is ready for the next statement, what it did is committed.
_READY = b"Z\x00\x00\x00\x05"


class Cut(Enum):
    """What becomes of a statement, as far as the client never learns."""

    STATEMENT = "it never reaches Postgres"
    ANSWER = "Postgres has done it"


class Proxy:
    """Passes everything on, but for some of the statements that hold `sign` while it is set."""

    def __init__(self, listener: socket.socket, server: tuple[str, int]) -> None:
        self._listener, self._server = listener, server
        self.sign: bytes | None = None
        self._next = cycle((Cut.ANSWER, None, None, Cut.STATEMENT, None, None))
        #: The cuts made.
        self.cuts: list[Cut] = []

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(self._server)
                except OSError:
                    client.close()
                else:
                    _Link(self, client, server).begin()

    def fate(self, sent: bytes) -> Cut | None:
        """What becomes of this, sent by a client."""
        cut = next(self._next) if self.sign and self.sign in sent else None
        if cut:
            self.cuts.append(cut)
        return cut


class _Link:
    """A client's connection and ours to the server on its behalf."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._withheld = False

    def begin(self) -> None:
        for direction in (self._pass_on, self._pass_back):
            Thread(target=self._until_the_end, args=[direction], daemon=True).start()

    def _until_the_end(self, direction: object) -> None:
        with suppress(OSError):
            direction()  # type: ignore[operator]
        for each in (self._client, self._server):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _pass_on(self) -> None:
        while sent := self._client.recv(1 << 20):
            cut = self._proxy.fate(sent)
            if cut is Cut.STATEMENT:
                return
            # A long statement comes in pieces.
            self._withheld = self._withheld or cut is Cut.ANSWER
            self._server.sendall(sent)

    def _pass_back(self) -> None:
        while said := self._server.recv(1 << 20):
            if self._withheld:
                if _READY in said:
                    return
            else:
                self._client.sendall(said)


@contextmanager
def before(url: str) -> Iterator[tuple[Proxy, URL]]:
    """A proxy before the Postgres at `url`, and the address by which it is reached."""
    server = make_url(url)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        there = (server.host or "127.0.0.1", server.port or 5432)
        proxy = Proxy(listener, there)
        Thread(target=proxy.serve, daemon=True).start()
        port = listener.getsockname()[1]
        # Through TLS nobody could tell one statement from another.
        yield proxy, server.set(host="127.0.0.1", port=port, query={"sslmode": "disable"})
        listener.shutdown(socket.SHUT_RDWR)
