"""`python -m demo`: the shop from the command line.

The bounds of each option are the shop's own, so that a wrong number is refused before anything
starts.
"""

import click

from demo.catalogue import DEFAULT_PAGES, FEWEST_PAGES, LAST_DAY, MOST_PAGES
from demo.server import serve


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8001,
    show_default=True,
    help="Port to listen on; 0 picks a free one.",
)
@click.option(
    "--pages",
    type=click.IntRange(FEWEST_PAGES, MOST_PAGES),
    default=DEFAULT_PAGES,
    show_default=True,
    help="Exact number of HTML pages.",
)
@click.option(
    "--day",
    type=click.IntRange(0, LAST_DAY),
    help="Day to show; by default it moves with the calendar.",
)
@click.option(
    "--delay",
    type=click.FloatRange(0, 3600),
    default=0.0,
    show_default=True,
    help="Seconds to wait before each answer.",
)
def main(host: str, port: int, pages: int, day: int | None, delay: float) -> None:
    """Serve a small shop whose prices change from day to day."""
    serve(host, port, pages=pages, day=day, delay=delay)


if __name__ == "__main__":
    main(prog_name="python -m demo")
