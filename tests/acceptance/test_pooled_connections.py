"""Through PgBouncer, which lends a connection for one transaction: as docs/scaling.md says."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import URL, make_url

from orchestrator import config
from orchestrator import database as storage
from orchestrator.embedded import kept
from orchestrator.sweep import sweep
from tests import scraping
from tests.awaiting import until
from tests.orchestrator.ledger import given
from tests.pair import END_WITH_US
from tests.shops import OpenShop

_SETTINGS = """
[databases]
{database} = host={host} port={server_port} dbname={database} pool_size=2
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = transaction
ignore_startup_parameters = options
auth_type = plain
auth_file = {users}
"""


@pytest.fixture
def pooled(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """DATABASE_URL leads through PgBouncer."""
    if shutil.which("pgbouncer") is None:
        pytest.skip("pgbouncer is not installed: apt-get install pgbouncer")
    with TemporaryDirectory(prefix="kumo-pgbouncer-") as folder:
        url = make_url(database).set(host=kept.LOOPBACK, port=kept.free_port())
        # It refuses to run as root.
        (home := Path(folder)).chmod(0o755)
        user = ("-u", "nobody") if os.geteuid() == 0 else ()
        command = ["pgbouncer", *user, str(_settings(home, make_url(database), url.port or 0))]
        with (home / "log").open("wb") as log, subprocess.Popen(
            [*END_WITH_US, *command], stdout=log, stderr=log
        ) as process:  # fmt: skip
            monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
            _forget_engine()
            try:
                until(lambda: "process up" in (home / "log").read_text(), "a pgbouncer")
                yield
            finally:
                _forget_engine()
                process.kill()


def _settings(home: Path, server: URL, port: int) -> Path:
    (users := home / "users").write_text(f'"{server.username}" "{server.password}"\n')
    settings = _SETTINGS.format(
        database=server.database, host=server.host, server_port=server.port, port=port,
        users=users,
    )  # fmt: skip
    (file := home / "pgbouncer.ini").write_text(settings)
    return file


def _forget_engine() -> None:
    if storage.engine.cache_info().currsize:
        storage.engine().dispose()
    storage.engine.cache_clear()
    config.get.cache_clear()


def test_a_crawl_and_a_sweep_share_two_connections(
    redis_url: str, shop: OpenShop, pooled: None
) -> None:
    given.a_target("demo_shop", spider="demo_shop", start_urls=[shop.url])
    crawl = scraping.scrapy("crawl", "demo_shop", "-a", "target=demo_shop", "-s", "KUMO_RECORD=1")
    until(lambda: sweep() and given.count("crawls"), "a crawl, and a sweep beside it")
    status, _, logged = scraping.ended(crawl)
    assert status == 0, logged
    ((job_id,),) = given.execute("SELECT id FROM scraping_jobs")
    job = given.job(job_id)
    assert (job.status, job.error_message) == ("completed", None)
    assert job.items_new == given.count("scraped_items") == len(shop.products())
    assert (job.pages, job.attempt) == (shop.pages, 1)
