"""The site that has a page of each kind; it serves the folders, and pages that never end."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp import web

from tests.page_kinds import FOLDER

_TYPES = {
    ".html": "text/html",
    ".xml": "application/xml",
    ".json": "application/json; charset=utf-8",
}
_QUOTES = json.loads((FOLDER / "infinite/quotes.json").read_text(encoding="utf-8"))
_QUOTES_A_PAGE = 4
_ORDERS = json.loads((FOLDER / "paginated_api/orders.json").read_text(encoding="utf-8"))


@contextmanager
def running() -> Iterator[str]:
    """The address of the site while it is open, on a free port of 127.0.0.1."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runner = web.AppRunner(application())
    try:
        yield asyncio.run_coroutine_threadsafe(_open(runner), loop).result(10)
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def application() -> web.Application:
    app = web.Application()
    app.router.add_get("/infinite/", _infinite)
    app.router.add_get("/paginated_api/v1/orders", _orders)
    app.router.add_get("/{path:.+}", _file)
    return app


async def _open(runner: web.AppRunner) -> str:
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}"


async def _file(request: web.Request) -> web.Response:
    path = (FOLDER / request.match_info["path"]).resolve()
    if not path.is_relative_to(FOLDER) or path.suffix not in _TYPES or not path.is_file():
        raise web.HTTPNotFound
    body = path.read_bytes().replace(b"{site}", _origin(request).encode())
    # Pages say their encoding themselves, as old servers leave it to them.
    return web.Response(body=body, headers={"Content-Type": _TYPES[Path(path).suffix]})


async def _infinite(request: web.Request) -> web.Response:
    """Quotations without end: after the last comes the first again."""
    page = int(request.query.get("page", "1"))
    first = (page - 1) * _QUOTES_A_PAGE
    quotes = [_QUOTES[(first + at) % len(_QUOTES)] for at in range(_QUOTES_A_PAGE)]
    frame = (FOLDER / "infinite/frame.html").read_text(encoding="utf-8")
    one = (FOLDER / "infinite/quote.html").read_text(encoding="utf-8")
    entries = "\n".join(
        one.format(
            id=first + at,
            tags="".join(
                f'<a class="tag" href="/infinite/tag/{tag}">{tag}</a>' for tag in q["tags"]
            ),
            place=f'<cite class="q-source">{q["source"]}</cite>' if q["source"] else "",
            **{key: q[key] for key in ("text", "author", "slug")},
        )
        for at, q in enumerate(quotes)
    )
    text = frame.format(entries=entries, page=page, following=page + 1)
    return web.Response(text=text, content_type="text/html")


async def _orders(request: web.Request) -> web.Response:
    page, size = int(request.query.get("page", "1")), int(request.query.get("per_page", "4"))
    return web.json_response(
        {
            "orders": _ORDERS[(page - 1) * size : page * size],
            "pagination": {
                "page": page,
                "per_page": size,
                "total": len(_ORDERS),
                "total_pages": -(-len(_ORDERS) // size),
            },
        }
    )


def _origin(request: web.Request) -> str:
    return f"http://{request.host}"
