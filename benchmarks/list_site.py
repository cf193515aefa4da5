"""A site of lists, `python -m benchmarks.list_site`: fifty items on every page.

Its pages are made beforehand, so that the site takes little of the CPU that a crawl is measured
with.
"""

import asyncio
import sys

import click
from aiohttp import web

ITEMS_A_PAGE = 50


@click.command()
@click.option("--pages", type=click.IntRange(1, 10_000), default=300, show_default=True)
def main(pages: int) -> None:
    asyncio.run(_serve(_pages(pages)))


async def _serve(pages: dict[str, str]) -> None:
    async def answer(request: web.Request) -> web.Response:
        page = pages.get(request.path)
        if page is None:
            raise web.HTTPNotFound
        return web.Response(text=page, content_type="text/html")

    application = web.Application()
    application.add_routes([web.get("/{path:.*}", answer)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    click.echo(f"Lists on http://127.0.0.1:{runner.addresses[0][1]}")
    sys.stdout.flush()
    await asyncio.Event().wait()


def _pages(count: int) -> dict[str, str]:
    links = "".join(f'<a href="/lists/{number}">{number}</a> ' for number in range(count))
    lists = {f"/lists/{number}": _list(number) for number in range(count)}
    return {"/": f"<title>Lists</title><nav>{links}</nav>"} | lists


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
