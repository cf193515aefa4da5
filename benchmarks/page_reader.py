"""Somebody who reads one page over and over: `python -m benchmarks.page_reader URL PATH`.

In a process of its own, which can be kept off the core of the server that is measured.
"""

import asyncio
import json
import re
import time

import aiohttp
import click

from benchmarks.failure import BenchmarkFailed
from benchmarks.large_database.filling import PASSWORD

_TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')
_READERS = 4


@click.command()
@click.argument("url")
@click.argument("path")
@click.option("--seconds", type=float, default=5, show_default=True)
def main(*, url: str, path: str, seconds: float) -> None:
    """Tell as JSON how many answers came in a second, and how long one took."""
    click.echo(json.dumps(asyncio.run(_read(url, path, seconds))))


async def _read(url: str, path: str, seconds: float) -> dict[str, float]:
    # Its addresses are numbers, of which a cookie jar keeps nothing unless it is told to.
    async with aiohttp.ClientSession(url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        await _sign_in(session)
        await _ask(session, path)
        took: list[float] = []
        began = time.perf_counter()
        await asyncio.gather(
            *(_ask_until(session, path, began + seconds, took) for _ in range(_READERS))
        )
        passed = time.perf_counter() - began
    return {"answers": len(took) / passed, "median": sorted(took)[len(took) // 2] * 1_000}


async def _ask_until(
    session: aiohttp.ClientSession, path: str, end: float, took: list[float]
) -> None:
    while (began := time.perf_counter()) < end:
        await _ask(session, path)
        took.append(time.perf_counter() - began)


async def _ask(session: aiohttp.ClientSession, path: str) -> None:
    async with session.get(path, allow_redirects=False) as answer:
        await answer.read()
        if answer.status != 200:
            raise BenchmarkFailed(f"{path} answers {answer.status}.")


async def _sign_in(session: aiohttp.ClientSession) -> None:
    async with session.get("/sign-in") as page:
        found = _TOKEN.search(await page.text())
    assert found
    form = {"csrf_token": found[1], "name": "admin", "password": PASSWORD}
    async with session.post("/sign-in", data=form, allow_redirects=False) as answer:
        if answer.status != 303:
            raise BenchmarkFailed("admin cannot sign in to the filled database.")


if __name__ == "__main__":
    main()
