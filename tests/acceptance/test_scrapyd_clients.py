"""Clients of Scrapyd as they are published, unchanged, against a real server, worker and shop."""

import json
import os
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from orchestrator import config
from orchestrator.config import Config
from orchestrator.embedded import kept, programs
from orchestrator.ledger import overviews, scrapyd_jobs, targets, tokens
from orchestrator.ledger.models import Role, Scope, ScrapingTarget
from tests.awaiting import ended, until, with_items
from tests.orchestrator.ledger import given
from tests.pair import END_WITH_US
from tests.shops import OpenShop
from tests.workers import ROOT, UNHURRIED, working

CLIENTS = ROOT / ".venv" / "clients" / "bin"
CALLS = ROOT / "tests" / "clients" / "calls.py"
OWN = version("kumo")
#: As ScrapydWeb makes ids.
STAMP = "2019-01-01T00_00_01"

pytestmark = pytest.mark.skipif(
    not CLIENTS.exists(), reason="the clients are not there: make .venv/clients.stamp"
)


@dataclass(frozen=True)
class Server:
    """Kumo as Scrapyd's clients see it."""

    port: int
    token: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        login = b64encode(f"anybody:{self.token}".encode()).decode()
        return fetched(self.url + path, Authorization=f"Basic {login}", **headers)

    def calls(self, client: str, *calls: tuple[str, list[Any], dict[str, Any]]) -> list[Any]:
        """What that client gave for each."""
        done = subprocess.run(
            [CLIENTS / "python", "-W", "ignore", CALLS, client, self.url, self.token],
            input=json.dumps(calls),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found: list[Any] = json.loads(done.stdout)
        return found


def fetched(url: str, data: bytes | None = None, **headers: str) -> tuple[int, str]:
    """The status and the text of an answer."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, data, headers), timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with closing(error):
            return error.code, error.read().decode()


def is_answered(url: str, process: "subprocess.Popen[bytes]") -> bool:
    assert process.poll() is None, "it ended"
    try:
        return fetched(url)[0] > 0
    except OSError:
        return False


@contextmanager
def serving(
    command: list[Any], url: str, folder: Path, environment: dict[str, str]
) -> Iterator[None]:
    """A process that answers there; it works in that folder."""
    place: dict[str, Any] = {"cwd": folder, "env": environment}
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen([*END_WITH_US, *command], stdout=log, stderr=log, **place) as process,
    ):
        try:
            until(lambda: is_answered(url, process), f"an answer of {url}")
            yield
        except BaseException:
            print((folder / "log").read_text()[-5_000:])
            raise
        finally:
            process.kill()


@pytest.fixture(scope="module")
def server(
    database: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One worker that knows its spiders, and one server, for all of these tests."""
    config.get.cache_clear()
    user_id = given.a_person("somebody", role=Role.ADMIN)
    token = given.do(tokens.make, user_id, "robot", Scope.OPERATE, timedelta(days=1))
    server = Server(kept.free_port(), token)
    command = [*programs.scrapyd(Config(KUMO_SCRAPYD_PORT=server.port)), "--chdir", ROOT]
    folder = tmp_path_factory.mktemp("scrapyd")
    with (
        working("--concurrency=4", **UNHURRIED),
        serving(command, server.url, folder, dict(os.environ)),
    ):
        until(lambda: given.do(overviews.known_spiders), "a worker that knows its spiders")
        yield server


def raised(said: Any) -> str:
    """The message of the client's own error."""
    assert said["raised"] in ("ErrorResponse", "ScrapydResponseError"), said
    return str(said["message"])


def test_every_call_of_python_scrapyd_api(server: Server, shop: OpenShop) -> None:
    def call(*calls: tuple[str, list[Any], dict[str, Any]]) -> list[Any]:
        return server.calls("scrapyd_api", *calls)

    settings = {"DOWNLOAD_DELAY": 0, "CONCURRENT_REQUESTS": 4}
    asked = {"settings": settings, "start_url": shop.url, "jobid": STAMP, "priority": 1}
    projects, versions, spiders, scheduled, again = call(
        ("list_projects", [], {}),
        ("list_versions", ["kumo"], {}),
        ("list_spiders", ["kumo"], {}),
        ("schedule", ["kumo", "demo_shop"], asked),
        ("schedule", ["kumo", "demo_shop"], asked),
    )
    assert projects["answer"] == ["kumo"]
    assert versions["answer"] == [OWN]
    assert "demo_shop" in spiders["answer"]
    assert scheduled["answer"] == STAMP
    assert "has an active job already" in raised(again)
    job = given.do(scrapyd_jobs.find, STAMP)
    assert ended(job.id).items_scraped == len(shop.products())
    stands, listed, cancelled, added, gone, removed = call(
        ("job_status", ["kumo", STAMP], {}),
        ("list_jobs", ["kumo"], {}),
        ("cancel", ["kumo", STAMP], {"signal": "TERM"}),
        ("add_version", ["kumo", "2", "not an egg"], {}),
        ("delete_version", ["kumo", OWN], {}),
        ("delete_project", ["kumo"], {}),
    )
    assert stands["answer"] == "finished"
    assert cancelled["answer"] is None
    assert "takes no eggs" in raised(added)
    assert "is not deleted from outside" in raised(gone) == raised(removed)
    (finished,) = listed["answer"]["finished"]
    assert (finished["id"], finished["spider"]) == (STAMP, "demo_shop")
    status, log = server.get(finished["log_url"])
    assert status == 200
    assert "[scrapy" in log
    assert server.get(finished["log_url"], Range="bytes=-100")[0] == 206
    items = [json.loads(line) for line in server.get(finished["items_url"])[1].splitlines()]
    assert {item["sku"] for item in items} == set(shop.products())


def test_a_spider_with_the_same_arguments_is_the_same_target(
    server: Server, shop: OpenShop
) -> None:
    asked = {"settings": {"DEPTH_LIMIT": 1}, "start_url": shop.url}
    jobids = []
    for _ in range(2):
        (said,) = server.calls("scrapyd_api", ("schedule", ["kumo", "demo_shop"], asked))
        jobids.append(said["answer"])
        ended(given.do(scrapyd_jobs.find, said["answer"]).id)
    first, second = (given.job(given.do(scrapyd_jobs.find, each).id) for each in jobids)
    assert first.target_id == second.target_id
    target: ScrapingTarget = given.do(targets.find, first.target_id)
    assert (target.arguments, target.settings) == ({"start_url": shop.url}, {"DEPTH_LIMIT": 1})
    assert not target.active


def test_every_call_of_scrapyd_client(server: Server, slow_shop: OpenShop, tmp_path: Path) -> None:
    def call(*calls: tuple[str, list[Any], dict[str, Any]]) -> list[Any]:
        return server.calls("scrapyd_client", *calls)

    given.a_target("slow_shop", spider="demo_shop", start_urls=[slow_shop.url])
    projects, versions, spiders, scheduled, wrong, gone, removed = call(
        ("projects", ["k*"], {}),
        ("versions", ["kumo"], {}),
        ("spiders", ["kumo", "slow*"], {}),
        ("schedule", ["kumo", "slow_shop", [["jobid", "slow"]]], {}),
        ("schedule", ["kumo", "demo_shop", [["setting", "FEEDS=x"]]], {}),
        ("delversion", ["kumo", OWN], {}),
        ("delproject", ["kumo"], {}),
    )
    assert (projects["answer"], versions["answer"]) == (["kumo"], [OWN])
    assert (spiders["answer"], scheduled["answer"]) == (["slow_shop"], "slow")
    assert "FEEDS cannot be set by a target" in raised(wrong)
    assert "is not deleted from outside" in raised(gone) == raised(removed)
    job_id = given.do(scrapyd_jobs.find, "slow").id
    with_items(job_id, 1)
    status, counts, listed, cancelled = call(
        ("status", ["slow", "kumo"], {}),
        ("daemonstatus", [], {}),
        ("jobs", ["kumo"], {}),
        ("cancel", ["kumo", "slow"], {}),
    )
    assert status["answer"]["currstate"] == "running"
    assert counts["answer"]["running"] == 1
    assert [job["id"] for job in listed["answer"]["running"]] == ["slow"]
    assert cancelled["answer"]["prevstate"] == "running"
    assert ended(job_id).status == "cancelled"


def test_the_commands_of_scrapyd_client(server: Server, tmp_path: Path) -> None:
    (tmp_path / "scrapy.cfg").write_text(
        f"[settings]\ndefault = mine.settings\n"
        f"[deploy]\nurl = {server.url}/\nproject = kumo\nusername = me\npassword = {server.token}\n"
    )
    (tmp_path / "mine").mkdir()
    for name in ("__init__", "settings"):
        (tmp_path / "mine" / f"{name}.py").touch()

    def run(*words: str) -> str:
        done = subprocess.run(
            [CLIENTS / words[0], *words[1:]],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    assert run("scrapyd-client", "projects") == "kumo\n"
    assert "kumo demo_shop\n" in run("scrapyd-client", "spiders", "-p", "kumo", "--verbose")
    assert "Kumo takes no eggs" in run("scrapyd-deploy", "--version", "2")


@pytest.fixture
def scrapydweb(server: Server, tmp_path: Path) -> Iterator[str]:
    """The address of a ScrapydWeb whose only server is ours."""
    port = kept.free_port()
    (tmp_path / "scrapydweb_settings_v11.py").write_text(
        f"SCRAPYD_SERVERS = [('me', {server.token!r}, '127.0.0.1', '{server.port}', '')]\n"
        f"DATA_PATH = {str(tmp_path / 'data')!r}\n"
    )
    command = [CLIENTS / "scrapydweb", "--bind", "127.0.0.1", "--port", str(port)]
    # It reads DATABASE_URL as well, and would keep its own tables there.
    alone = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONWARNINGS": "ignore"}
    with serving(command, f"http://127.0.0.1:{port}/", tmp_path, alone):
        yield f"http://127.0.0.1:{port}/1"


def test_scrapydweb_lists_runs_and_cancels(
    server: Server, scrapydweb: str, slow_shop: OpenShop
) -> None:
    def told(path: str, **form: str) -> Any:
        data = urllib.parse.urlencode(form).encode() if form else None
        status, text = fetched(f"{scrapydweb}/{path}", data)
        assert status == 200, text
        return json.loads(text)

    given.a_target("watched", spider="demo_shop", start_urls=[slow_shop.url])
    assert told("api/daemonstatus/")["status"] == "ok"
    started = told("api/start/kumo/watched/")
    assert started["status"] == "ok"
    jobid = started["jobid"]
    job_id = given.do(scrapyd_jobs.find, jobid).id
    with_items(job_id, 1)
    (job,) = [each for each in told("jobs/?listjobs=True") if each["job"] == jobid]
    assert (job["project"], job["spider"], job["finish"]) == ("kumo", "watched", "")
    shown = told("jobs/", any="thing")[f"kumo/watched/{jobid}"]
    assert shown["pages"] > 0
    assert shown["items"] > 0
    _, page = fetched(f"{scrapydweb}/jobs/")
    assert jobid in page
    _, statistics = fetched(f"{scrapydweb}/log/stats/kumo/watched/{jobid}/")
    assert "Using local stats" not in statistics
    assert "LogParser v0.8.4, last updated at" in statistics
    _, logs = fetched(f"{scrapydweb}/logs/kumo/watched/")
    assert f"{jobid}.log" in logs
    stopped = told(f"api/forcestop/kumo/{jobid}/")
    assert stopped["status"] == "ok", stopped
    assert ended(job_id).status == "cancelled"
    (job,) = [each for each in told("jobs/?listjobs=True") if each["job"] == jobid]
    assert job["finish"]
