"""A receiver of error reports on this machine, in place of Sentry's."""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import brotli

#: Sentry's client packs as well as it can.
_UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
}


class Receiver:
    """What it was sent: events as they are read, and everything as it came."""

    def __init__(self, port: int) -> None:
        self.dsn = f"http://{'a' * 32}@127.0.0.1:{port}/1"
        self.events: list[dict[str, Any]] = []
        self.raw = ""

    def take(self, body: bytes) -> None:
        self.raw += body.decode()
        for line in body.decode().splitlines():
            said = json.loads(line)
            if "event_id" in said and "level" in said:
                self.events.append(said)


@contextmanager
def receiving() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.take(_UNPACK[self.headers.get("Content-Encoding", "")](body))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(server.server_port)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
