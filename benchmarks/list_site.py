"""A site of lists, `python -m benchmarks.list_site`: many items on every page.

Fifty on a page of HTML, or a thousand as JSON. Its pages are made beforehand, so that the site
takes little of the CPU that a crawl is measured with. From `/holding` a crawl comes to a page that
is not answered until somebody releases it.
"""

import asyncio
import json
import sys

import click
from aiohttp import web

ITEMS_A_PAGE = 50
RECORDS_A_PAGE = 1_000


#: By how a page begins.
_TYPES = {"<": "text/html", "[": "application/json"}


@click.command()
@click.option("--pages", type=click.IntRange(1, 10_000), default=300, show_default=True)
@click.option("--records", is_flag=True, help="As JSON.")
def main(*, pages: int, records: bool) -> None:
    """Serve lists until Ctrl-C."""
    asyncio.run(_serve(_records(pages) if records else _pages(pages)))


async def _serve(pages: dict[str, str]) -> None:
    released, held = asyncio.Event(), 0

    async def hold(request: web.Request) -> web.Response:
        nonlocal held
        held += 1
        await released.wait()
        held -= 1
        return web.Response(text="<title>Held</title>", content_type="text/html")

    async def count_held(request: web.Request) -> web.Response:
        return web.Response(text=str(held))

    async def release(request: web.Request) -> web.Response:
        released.set()
        released.clear()
        return web.Response()

    async def answer(request: web.Request) -> web.Response:
        page = pages.get(request.path)
        if page is None:
            raise web.HTTPNotFound
        return web.Response(body=page.encode(), content_type=_TYPES[page[0]])

    application = web.Application()
    application.add_routes(
        [
            web.get("/held", hold),
            web.get("/_held", count_held),
            web.delete("/_held", release),
            web.get("/{path:.*}", answer),
        ]
    )
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    click.echo(f"Lists on http://127.0.0.1:{runner.addresses[0][1]}")
    sys.stdout.flush()
    await asyncio.Event().wait()


def _pages(count: int) -> dict[str, str]:
    links = "".join(f'<a href="/lists/{number}">{number}</a> ' for number in range(count))
    lists = {f"/lists/{number}": _list(number) for number in range(count)}
    held = '<a href="/held">one that comes when it is released</a>'
    return {
        "/": f"<title>Lists</title><nav>{links}</nav>",
        "/holding": f"<title>Lists</title><nav>{links}{held}</nav>",
    } | lists


def _records(count: int) -> dict[str, str]:
    paths = [f"/records/{number}" for number in range(count)]
    records = {path: json.dumps(_record_list(number)) for number, path in enumerate(paths)}
    return {"/": json.dumps(paths)} | records


def _record_list(number: int) -> list[dict[str, object]]:
    first = number * RECORDS_A_PAGE
    return [_record(item) for item in range(first, first + RECORDS_A_PAGE)]


def _record(item: int) -> dict[str, object]:
    name, price = f"Item {item}", item % 900 + 9.9
    return {"url": f"/items/{item}", "name": name, "price": price, "stock": item % 40}


def _list(number: int) -> str:
    first = number * ITEMS_A_PAGE
    rows = "".join(_row(item) for item in range(first, first + ITEMS_A_PAGE))
    return f"<title>List {number}</title><table>{rows}</table>"


def _row(item: int) -> str:
    return (
        f'<tr><td><a href="/items/{item}">Item {item}</a></td>'
        f'<td class="price">{item % 900 + 9}.90</td><td class="stock">{item % 40}</td></tr>'
    )


if __name__ == "__main__":
    main()
