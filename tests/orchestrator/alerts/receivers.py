"""Receivers of messages on this machine, which can be down, slow or refuse, and come back.

What they have received is what they have said yes to.
"""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler
from typing import Any

#: Longer than any test waits.
_SLOW_SECONDS = 20


class Receiver:
    """A server in a thread; `trouble` says what it suffers from."""

    def __init__(self, handler: type[socketserver.BaseRequestHandler]) -> None:
        self.received: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.connections = 0
        self.trouble: str | None = None
        self.released = threading.Event()
        self._handler, self._port = handler, 0
        self._server: socketserver.TCPServer | None = None
        self.open()

    @property
    def port(self) -> int:
        return self._port

    def open(self) -> None:
        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False
            receiver = self

        self._server = Server(("127.0.0.1", self._port), self._handler)
        self._port = self._server.server_address[1]
        serve = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        serve.start()

    def suffer(self, trouble: str) -> None:
        self.trouble = trouble
        if trouble == "down":
            self.close()

    def recover(self) -> None:
        was, self.trouble = self.trouble, None
        self.released.set()
        if was == "down":
            self.open()

    def close(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def is_late(self) -> bool:
        """Waits as a slow receiver does; whoever asked has gone by then."""
        self.connections += 1
        if self.trouble != "slow":
            return False
        self.released.wait(_SLOW_SECONDS)
        return True


class Hook(BaseHTTPRequestHandler):
    """Takes JSON by POST, as webhooks and chats of Slack's kind do."""

    def do_POST(self) -> None:
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if receiver.is_late():
            return
        refuses = receiver.trouble == "refusing"
        if not refuses:
            receiver.received.append(body)
            receiver.headers.append(dict(self.headers))
        self.send_response(503 if refuses else 200)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: Any) -> None:
        pass


class Mail(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs."""

    def handle(self) -> None:
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        if receiver.is_late():
            return
        self._say("220 here")
        while line := self.rfile.readline():
            verb = line[:4].upper().strip()
            if verb == b"DATA":
                self._take(receiver)
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            elif verb == b"MAIL" and receiver.trouble == "refusing":
                self._say("451 not now")
            else:
                self._say("250 ok")

    def _take(self, receiver: Receiver) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        receiver.received.append(b"".join(lines))
        self._say("250 taken")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def listening(handler: type[socketserver.BaseRequestHandler]) -> Iterator[Receiver]:
    receiver = Receiver(handler)
    try:
        yield receiver
    finally:
        receiver.released.set()
        receiver.close()


#: How a message reaches each kind of receiver.
ADDRESSES = {
    "mail": "mailto://127.0.0.1:{port}?from=kumo@a.example&to=me@b.example&mode=insecure",
    "webhook": "json://127.0.0.1:{port}/hook/s3cret-path",
    "slack-shaped": "mmost://127.0.0.1:{port}/3ccdd113474722377935511fc85d3dd4?image=no",
}
HANDLERS = {"mail": Mail, "webhook": Hook, "slack-shaped": Hook}


def text_of(kind: str, received: bytes) -> str:
    """What a person reads of it."""
    if kind != "mail":
        return str(json.loads(received)["text"])
    message = message_from_bytes(received, policy=policy.default)
    body = message.get_body(("plain", "html"))
    assert body is not None
    return f"{message['subject']}\n{body.get_content()}"
