"""What `kumo up` says to the person who started it."""

import time
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import click

from orchestrator.embedded import first_steps, home


def say(sentence: str) -> None:
    with suppress(OSError):  # nobody listens any more; that is no reason to stop
        click.echo(sentence)


def introduce(password: str) -> None:
    """Tells the first account, at once: nobody can tell it later."""
    say(f"Your account: {first_steps.FIRST_NAME}, with the password {password}")
    say("This is shown only once; `kumo user passwd admin` sets another password.")


def greet(folder: Path) -> None:
    """Has a new installation crawl something, and tells where to look once that answers."""
    if first_steps.request_first_crawl():
        say("A first crawl of the demo shop was requested.")
    recorded = home.running(folder)
    address = recorded["dashboard_url"]
    if _answers(address, seconds=60):
        say(f"Kumo is ready: {address}  (the demo shop: {recorded['demo_url']})")
    else:
        say(f"The dashboard at {address} does not answer yet: see {folder}/logs/dashboard.log")


def _answers(address: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if _is_healthy(address):
            return True
        time.sleep(0.1)
    return False


def _is_healthy(address: str) -> bool:
    with closing(HTTPConnection(urlsplit(address).netloc, timeout=5)) as connection:
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
