"""What `kumo up` runs: the databases, the demo shop, the workers, beat and the dashboard.

And Scrapyd's API, where a port for it is set.

A production set-up starts the same commands by its own means; only the two databases and the shop
are ours alone.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import orchestrator
from orchestrator import chromium
from orchestrator.config import Config
from orchestrator.embedded.addresses import Addresses
from orchestrator.embedded.server import Server

#: Where `orchestrator` and its neighbours lie: the programs find each other from here.
PROJECT = Path(orchestrator.__file__).parents[1]

DATABASES, SHOP, WORKERS, DASHBOARD = range(1, 5)


@dataclass(frozen=True)
class Program:
    """One process to keep alive."""

    name: str
    command: tuple[str, ...]
    rank: int  #: Started from the lowest, stopped from the highest; equals stop together.
    stop_seconds: int  #: How long it may take to end before it is killed.
    start_seconds: int = 5  #: Ending sooner than this, it failed to start.
    stop_signal: str = "TERM"
    folder: Path = PROJECT


def of_servers(servers: Iterable[Server]) -> list[Program]:
    """The embedded servers as programs, to be stopped after all others and one by one."""
    return [
        Program(
            server.name.split()[0].lower(),
            server.command,
            rank=DATABASES,
            stop_seconds=5,
            start_seconds=1,
            # To Postgres this means: end the sessions and stop; SIGTERM would wait for them.
            stop_signal="INT",
            folder=server.folder,
        )
        for server in servers
    ]


def of_kumo(settings: Config, known: Addresses) -> list[Program]:
    """Kumo's own processes; how many slots or queues they have is configuration, not flags."""
    tags = settings.worker_tags
    kumo = [
        Program("demo", demo(urlsplit(known.demo_url).port or 0), rank=SHOP, stop_seconds=2),
        # A worker gives its crawls back before it goes, in KUMO_STOP_SECONDS and a little more.
        Program("worker-crawls", worker("crawls", tags), rank=WORKERS, stop_seconds=22),
        Program("worker-control", worker("control"), rank=WORKERS, stop_seconds=22),
        *_of_browser(tags),
        Program("beat", celery("beat"), rank=WORKERS, stop_seconds=5),
        Program("dashboard", dashboard(settings), rank=DASHBOARD, stop_seconds=3),
    ]
    if settings.scrapyd_port:
        kumo.append(Program("scrapyd", scrapyd(settings), rank=DASHBOARD, stop_seconds=3))
    return kumo


def _of_browser(tags: Sequence[str]) -> list[Program]:
    """The worker that renders pages, on a machine that can."""
    if not chromium.is_there():
        return []
    return [Program("worker-browser", worker("browser", tags), rank=WORKERS, stop_seconds=22)]


def demo(port: int) -> tuple[str, ...]:
    return (sys.executable, "-m", "demo", "--port", str(port))


def worker(queue: str, tags: Sequence[str] = ()) -> tuple[str, ...]:
    """One of that queue, and of those of its kind for the tags."""
    queues = ",".join((queue, *(f"{queue}.{tag}" for tag in tags)))
    return celery("worker", "-Q", queues, "-n", f"{queue}@%h")


def celery(*arguments: str) -> tuple[str, ...]:
    # Quiet: its banner is neither a line of text nor of JSON.
    return (sys.executable, "-m", "celery", "-q", "-A", "orchestrator", *arguments)


def dashboard(settings: Config) -> tuple[str, ...]:
    return gunicorn("dashboard.wsgi:app", settings.host, settings.port)


def scrapyd(settings: Config) -> tuple[str, ...]:
    return gunicorn("dashboard.scrapyd.wsgi:app", settings.host, settings.scrapyd_port or 6800)


def gunicorn(app: str, host: str, port: int) -> tuple[str, ...]:
    host = f"[{host}]" if ":" in host else host
    return (
        *(sys.executable, "-m", "gunicorn", "--bind", f"{host}:{port}"),
        *("--worker-class", "gthread", "--workers", "1", "--threads", "16"),
        # Proxies and clients keep a connection for about a minute; who closes it before they do
        # now and then closes it under a request that is on its way.
        *("--keep-alive", "75", "--graceful-timeout", "2", "--access-logfile", "-"),
        *("--logger-class", "dashboard.access_log.AccessLog"),
        # It would be one file for all installations of a user.
        "--no-control-socket",
        app,
    )
