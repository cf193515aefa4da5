"""Kumo's processes under the accounts of `deploy/`: they can what they must, and nothing else."""

import os
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.cookiejar import CookieJar
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg2
import pytest
import redis
import yaml
from psycopg2.errors import InsufficientPrivilege

from orchestrator.config import Config
from orchestrator.embedded import kept, programs
from orchestrator.ledger.models import Table
from orchestrator.migrations import roles
from tests import shops
from tests.awaiting import until
from tests.compose import resolved
from tests.deploy import accounts, tls
from tests.deploy.accounts import ROOT, Servers
from tests.pair import END_WITH_US
from tests.shops import OpenShop
from tests.workers import QUICK, UNHURRIED

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with TemporaryDirectory(prefix="kumo-accounts-") as name:
        (home := Path(name)).chmod(0o711)
        with accounts.set_up(home) as servers:
            yield servers


@pytest.fixture(scope="module")
def shop() -> Iterator[OpenShop]:
    with shops.opened(200, delay=0.4) as shop:
        yield shop


@pytest.fixture(scope="module")
def dashboard(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the dashboard, with all other parts beside it, each under its account.

    The crawl worker is the one of a second machine, which reaches Redis by TLS.
    """
    settings = Config(PORT=kept.free_port())
    second = yaml.safe_load((ROOT / "deploy/compose/worker.yml").read_text())["services"]["worker"]
    parts = {
        "worker": ("worker", (sys.executable, *map(resolved, second["command"][1:]))),
        "control": ("worker", programs.worker("control")),
        "beat": ("beat", programs.celery("beat")),
        "dashboard": ("dashboard", programs.dashboard(settings)),
    }
    logs = tmp_path_factory.mktemp("logs")
    allowed = {"KUMO_ALLOW_NETWORKS": os.environ["KUMO_ALLOW_NETWORKS"]}
    given = QUICK | UNHURRIED | allowed | {"KUMO_SECRET_KEY": "a secret that only tests know"}
    with ExitStack() as stack:
        port, signer = stack.enter_context(tls.before(servers.redis_port, logs))
        for name, (part, command) in parts.items():
            environment = servers.environment(part) | given
            if name == "worker":
                address = environment["REDIS_URL"].replace(f":{servers.redis_port}/", f":{port}/")
                environment["REDIS_URL"] = f"rediss{address[5:]}?ssl_ca_certs={signer}"
            log = stack.enter_context((logs / name).open("wb"))
            process = subprocess.Popen(
                [*END_WITH_US, *command],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
        url = f"http://127.0.0.1:{settings.port}"
        until(lambda: _answers(f"{url}/readyz"), "the dashboard is ready")
        yield url
        said = {name: (logs / name).read_text() for name in parts}
    troubles = re.compile(r"permission denied|NOPERM|no permissions", re.IGNORECASE)
    assert {name for name, text in said.items() if troubles.search(text)} == set(), said


class Person:
    """Somebody with a browser that runs no scripts."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )
        self.page = ""

    def get(self, path: str) -> str:
        with self._opener.open(self._url + path, timeout=20) as answer:
            self.page = answer.read().decode()
        return self.page

    def post(self, path: str, **fields: str) -> int:
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', self.page)
        data = urllib.parse.urlencode({"csrf_token": token[1] if token else ""} | fields).encode()
        try:
            with self._opener.open(self._url + path, data, timeout=20) as answer:
                self.page = answer.read().decode()
                return int(answer.status)
        except urllib.error.HTTPError as error:
            self.page = error.read().decode()
            return error.code


def test_people_sign_in_and_a_job_is_run_paused_and_cleaned_up(
    servers: Servers, dashboard: str, shop: OpenShop
) -> None:
    made = subprocess.run(
        [Path(sys.executable).with_name("kumo"), "user", "add", "admin", "--password-stdin"],
        input=f"{PASSWORD}\n",
        cwd=ROOT,
        env=servers.environment("dashboard"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    person = Person(dashboard)
    person.get("/sign-in")
    assert person.post("/sign-in", name="admin", password="a wrong password") == 401
    assert person.post("/sign-in", name="admin", password=PASSWORD) == 200
    added = servers.kumo(
        *("dashboard", "targets", "add", "shop", "--spider", "demo_shop"),
        *("--start-url", shop.on(shops.DAY)),
    )
    assert added.returncode == 0, added.stderr
    person.get("/targets/1")
    assert person.post("/targets/1/run") == 200
    until(lambda: _one(servers, "SELECT items_scraped > 0 FROM scraping_jobs"), "items")
    job_id = _one(servers, "SELECT id::text FROM scraping_jobs")
    assert servers.kumo("dashboard", "jobs", "pause", job_id).returncode == 0
    until(lambda: _status(servers) == "paused", "the job is paused")
    assert servers.kumo("dashboard", "jobs", "resume", job_id).returncode == 0
    until(lambda: _status(servers) == "completed", "the job has ended")
    for path in ("/", "/targets/1", "/jobs", "/workers", "/workers/answers", "/sites", "/changes"):
        person.get(path)
    for path in ("/alerts", "/people", "/tokens", "/audit", f"/jobs/{job_id}"):
        person.get(path)
    assert _one(servers, "SELECT count(*) FROM scraped_items") == len(shop.products())
    said = servers.kumo("dashboard", "doctor")
    assert "FAIL" not in said.stdout, said.stdout
    cleaned = servers.kumo("worker", "cleanup", "--days", "1")
    assert cleaned.returncode == 0, cleaned.stderr
    with _redis(servers, "admin") as admin:
        assert admin.acl_log() == []


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("kumo_worker", "SELECT password_hash FROM users"),
        ("kumo_worker", "SELECT token_hash FROM api_tokens"),
        ("kumo_worker", "SELECT token_hash FROM change_feeds"),
        ("kumo_worker", "UPDATE users SET role = 'admin'"),
        ("kumo_worker", "DELETE FROM audit_log"),
        ("kumo_worker", "CREATE TABLE mine (id int)"),
        ("kumo_worker", "CREATE TEMPORARY TABLE mine (id int)"),
        ("kumo_worker", "DROP TABLE scraped_items"),
        ("kumo_worker", "TRUNCATE scraped_items"),
        ("kumo_worker", "UPDATE alembic_version SET version_num = '0'"),
        ("kumo_dashboard", "DROP TABLE users"),
        ("kumo_dashboard", "CREATE TABLE mine (id int)"),
        ("kumo_dashboard", "ALTER TABLE users ADD COLUMN mine int"),
        ("kumo_dashboard", "DELETE FROM audit_log"),
        ("kumo_dashboard", "CREATE ROLE mine SUPERUSER"),
        ("kumo_reader", "SELECT password_hash FROM users"),
        ("kumo_reader", "SELECT url FROM alert_channels"),
        ("kumo_reader", "SELECT * FROM api_tokens"),
        ("kumo_reader", "SET TRANSACTION READ WRITE; DELETE FROM scraped_items"),
        ("kumo_owner", "CREATE ROLE mine SUPERUSER"),
    ],
)
def test_postgres_refuses_what_a_role_has_no_business_with(
    servers: Servers, role: str, statement: str
) -> None:
    with pytest.raises(InsufficientPrivilege):
        _ask(servers, role, statement)


def test_people_with_questions_read_all_else(servers: Servers) -> None:
    for table, columns in _columns(servers).items():
        shown = sorted(columns - roles.PRIVATE_COLUMNS.get(table, frozenset()))
        _ask(servers, "kumo_reader", f'SELECT {", ".join(shown)} FROM "{table}" LIMIT 1')


def test_a_table_of_a_later_migration_is_everyones_who_works(servers: Servers) -> None:
    _ask(servers, "kumo_owner", "CREATE TABLE later (id bigint GENERATED BY DEFAULT AS IDENTITY)")
    for role in ("kumo_worker", "kumo_dashboard"):
        _ask(servers, role, "INSERT INTO later DEFAULT VALUES")
    _ask(servers, "kumo_owner", "DROP TABLE later")


def test_roles_may_be_made_again_and_take_over_what_an_administrator_had(
    servers: Servers,
) -> None:
    """As in an installation from before there were roles, and with a password that has changed."""
    admin = servers.administrator
    with closing(psycopg2.connect(admin)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE earlier (id int)")
    servers.passwords["POSTGRES_WORKER_PASSWORD"] = "anotherword"
    accounts.make_roles(admin, servers.passwords)
    assert _one(servers, "SELECT tableowner FROM pg_tables WHERE tablename = 'earlier'") == (
        "kumo_owner"
    )
    _ask(servers, "kumo_owner", "DROP TABLE earlier")
    _ask(servers, "kumo_worker", "SELECT 1")


def test_another_installation_in_the_same_server_grants_them_nothing(servers: Servers) -> None:
    with closing(psycopg2.connect(servers.administrator)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE other")
    other = f"{servers.administrator.rpartition('/')[0]}/other"
    migrated = servers.kumo("owner", "migrate", DATABASE_URL=other)
    assert migrated.returncode == 0, migrated.stderr
    with closing(psycopg2.connect(other)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('kumo_worker', 'scraped_items', 'SELECT')")
        assert cursor.fetchone() == (False,)


def test_every_column_that_is_a_secret_is_known_as_one() -> None:
    secret = re.compile(r"password|secret|token_hash")
    found = {
        (table.name, column.name)
        for table in Table.metadata.tables.values()
        for column in table.columns
        if secret.search(column.name)
    }
    known = {(table, name) for table, names in roles.PRIVATE_COLUMNS.items() for name in names}
    assert found <= known
    assert known <= {
        (table.name, column.name)
        for table in Table.metadata.tables.values()
        for column in table.columns
    }


@pytest.mark.parametrize(
    ("user", "command"),
    [
        ("worker", "FLUSHALL"),
        ("worker", "CONFIG GET requirepass"),
        ("worker", "KEYS *"),
        ("worker", "GET LIMITS:someone"),
        ("worker", "SET elsewhere 1"),
        ("worker", "ACL LIST"),
        ("worker", "FUNCTION LIST"),
        ("worker", "EVAL return(redis.call('get','elsewhere')) 0"),
        ("dashboard", "FLUSHDB"),
        ("dashboard", "CONFIG SET appendonly no"),
        ("dashboard", "LRANGE unacked 0 -1"),
        ("dashboard", "SHUTDOWN NOSAVE"),
        ("dashboard", "HGETALL kumo:{job}:requests"),
        ("beat", "LPUSH crawls x"),
        ("beat", "HGETALL kumo:{job}:requests"),
        ("beat", "EVAL return(redis.call('lpush','crawls','x')) 0"),
        ("flower", "LPUSH crawls x"),
        ("flower", "DEL control"),
        ("flower", "GET kumo:sites"),
    ],
)
def test_redis_refuses_what_a_user_has_no_business_with(
    servers: Servers, user: str, command: str
) -> None:
    with _redis(servers, user) as client, pytest.raises(redis.ResponseError) as refused:
        client.execute_command(*command.split(" "))
    assert re.search("permission", str(refused.value), re.IGNORECASE), refused.value


def test_a_stranger_has_no_user(servers: Servers) -> None:
    with redis.Redis(port=servers.redis_port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def _redis(servers: Servers, user: str) -> redis.Redis:
    return redis.Redis.from_url(servers.redis_url(user), decode_responses=True)


def _ask(servers: Servers, role: str, statement: str) -> Any:
    with closing(psycopg2.connect(servers.database_url(role))) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else None


def _one(servers: Servers, query: str) -> Any:
    rows = _ask(servers, "kumo_reader", query)
    return rows[0][0] if rows else None


def _status(servers: Servers) -> str:
    return str(_one(servers, "SELECT status FROM scraping_jobs"))


def _columns(servers: Servers) -> dict[str, set[str]]:
    found = _ask(
        servers,
        "kumo_owner",
        "SELECT table_name, array_agg(column_name::text) FROM information_schema.columns "
        "WHERE table_schema = 'public' GROUP BY table_name",
    )
    return {table: set(names) for table, names in found}


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
