"""A site whose every answer takes a while, `python -m benchmarks.slow_site`: an item a page.

Its pages are made beforehand and it only waits, so that several crawlers can be measured on it on
one machine.
"""

import asyncio
import sys

import click
from aiohttp import web


@click.command()
@click.option("--pages", type=click.IntRange(1, 100_000), default=10_000, show_default=True)
@click.option("--latency", type=float, default=0.05, show_default=True, help="Seconds a page.")
def main(pages: int, latency: float) -> None:
    asyncio.run(_serve(_pages(pages), latency))


async def _serve(pages: dict[str, str], latency: float) -> None:
    async def answer(request: web.Request) -> web.Response:
        await asyncio.sleep(latency)
        page = pages.get(request.path)
        if page is None:
            raise web.HTTPNotFound
        return web.Response(text=page, content_type="text/html")

    application = web.Application()
    application.add_routes([web.get("/{path:.*}", answer)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    click.echo(f"Slow pages on http://127.0.0.1:{runner.addresses[0][1]}")
    sys.stdout.flush()
    await asyncio.Event().wait()


def _pages(count: int) -> dict[str, str]:
    """A start page with links to all others, as a site map is."""
    links = "".join(f'<a href="/{number}">{number}</a> ' for number in range(count))
    items = {f"/{number}": _item(number) for number in range(count)}
    return {"/": f"<title>Slow pages</title><nav>{links}</nav>"} | items


def _item(number: int) -> str:
    return (
        f"<title>Item {number}</title><table><tr>"
        f'<td><a href="/{number}">Item {number}</a></td>'
        f'<td class="price">{number % 900 + 9}.90</td><td class="stock">{number % 40}</td>'
        "</tr></table>"
    )


if __name__ == "__main__":
    main()
