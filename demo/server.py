"""The shop as a process: listens, says where, and stops at once when told to.

Answers that still wait out their delay are dropped at the end, not finished, because whoever
stops a shop has no use for them.
"""

import asyncio
import errno
import signal
import sys

import click
import uvloop
from aiohttp import web

from demo.catalogue import Shop
from demo.site import Site


def serve(
    host: str, port: int, *, pages: int | None = None, day: int | None = None, delay: float = 0.0
) -> None:
    """Serve until SIGTERM or SIGINT; port 0 picks a free one.

    `pages` is the exact number of linked HTML pages, `day` the day shown to whoever asks for
    none, `delay` the seconds before each answer. A port that cannot be had ends the process with
    one sentence and exit status 1.
    """
    site = Site(Shop(pages), day=day, delay=delay)
    try:
        uvloop.run(_listen(site, host, port))
    except OSError as error:
        sys.exit(_sentence(error, host, port))


async def _listen(site: Site, host: str, port: int) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    # Zero would mean to wait for every answer, however long its delay.
    runner = web.AppRunner(site.application(), access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        click.echo(f"Demo shop on http://{_shown(host)}:{runner.addresses[0][1]}")
        sys.stdout.flush()
        await stopped.wait()
    finally:
        await runner.cleanup()


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use: stop what listens there or choose another port."
    reason = error.strerror or str(error)
    return f"The demo shop cannot listen on {_shown(host)}:{port} ({reason}): choose another."
