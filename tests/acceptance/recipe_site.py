"""A tiny website in the test's own process: an API behind a token, a loop of pages, and bombs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

#: Harmless selectors take minutes on it: every entry counts those before it.
BOMB = "<ul>" + "<li class='row'><b>x</b>" * 100_000
PAGES, PER_PAGE = 3, 4


@dataclass
class RecipeSite:
    """A running one, and what it was asked."""

    url: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def answer(self, path: str, query: dict[str, list[str]], headers: dict[str, str]) -> str:
        if path == "/api":
            number = int(query.get("page", ["1"])[0])
            if headers.get("x-token") != "t0p secret" or query.get("key") != ["k&y"]:
                return json.dumps({"entries": [], "error": "who are you?"})
            first = (number - 1) * PER_PAGE
            entries = [{"id": n, "name": {"ja": f"品{n}"}} for n in range(first, first + PER_PAGE)]
            return json.dumps({"entries": entries if number <= PAGES else [], "you": "t0p secret"})
        if path == "/bomb":
            return BOMB
        if path == "/loop":
            return f'<p class="row"><b>{query}</b></p><a class="next" href="/loop">again</a>'
        links = "".join(f'<a href="/{name}">{name}</a>' for name in ("good/1", "bomb", "good/2"))
        return f'<ul><li class="row"><b>{path}</b></li></ul>{links if path == "/" else ""}'


@contextmanager
def opened() -> Iterator[RecipeSite]:
    site = RecipeSite()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            site.asked.append((self.path, headers))
            found = parts.path != "/robots.txt"
            body = site.answer(parts.path, parse_qs(parts.query), headers).encode()
            self.send_response(200 if found else 404)
            kind = "application/json" if parts.path == "/api" else "text/html; charset=utf-8"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site.url = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, daemon=True).start()
        yield site
        server.shutdown()
