"""What other systems see of a real crawl: Prometheus, Flower, Sentry, a collector of logs."""

import base64
import json
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from orchestrator import triggers
from orchestrator.config import Config
from orchestrator.embedded import kept, programs
from orchestrator.ledger import tokens
from orchestrator.ledger.models import JobStatus, Role, Scope, ScrapingJob, Trigger
from tests import awaiting
from tests.awaiting import until
from tests.orchestrator.ledger import given
from tests.pair import END_WITH_US
from tests.projects import MODULES
from tests.receivers import Receiver, receiving
from tests.shops import OpenShop
from tests.workers import CELERY, ROOT, UNHURRIED, Worker, working

AUTH = "somebody:flowerword"
DEPLOY = ROOT / "deploy"


@dataclass(frozen=True)
class Served:
    """A process that answers on this machine."""

    url: str
    log: Path

    def get(self, path: str, **headers: str) -> str:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        asked = urllib.request.Request(f"{self.url}{path}", headers=headers)
        with opener.open(asked, timeout=10) as answer:
            said: str = answer.read().decode()
        return said


@contextmanager
def served(command: list[str], port: int, log: Path, ready: str, **variables: str) -> Iterator[Any]:
    with (
        log.open("wb") as file,
        subprocess.Popen(
            [*END_WITH_US, *command],
            cwd=ROOT,
            env=os.environ | variables,
            stdout=file,
            stderr=file,
        ) as process,
    ):
        server = Served(f"http://127.0.0.1:{port}", log)
        try:
            until(lambda: answers(server, ready), f"{command} answers")
            yield server
        finally:
            process.terminate()


def answers(server: Served, path: str) -> bool:
    try:
        return bool(server.get(path))
    except OSError:
        return False


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module")
def worker(database: str, redis_url: str, receiver: Receiver, logs: Path) -> Iterator[Worker]:
    variables = {
        "KUMO_LOG_FORMAT": "json",
        "KUMO_SENTRY_DSN": receiver.dsn,
        "KUMO_SPIDER_MODULES": MODULES,
    }
    with working("--concurrency=3", logs=logs, **UNHURRIED, **variables) as worker:
        yield worker


@pytest.fixture(scope="module")
def dashboard(database: str, redis_url: str, logs: Path) -> Iterator[Served]:
    port = kept.free_port()
    command = list(programs.dashboard(Config(PORT=port)))
    variables = {
        "KUMO_LOG_FORMAT": "json",
        "KUMO_SECRET_KEY": "a secret that only tests know",
        "PORT": str(port),
    }
    with served(command, port, logs / "dashboard", "/healthz", **variables) as server:
        yield server


@pytest.fixture(scope="module")
def flower(redis_url: str, logs: Path) -> Iterator[Served]:
    port = kept.free_port()
    command = [*CELERY, "flower", "--address=127.0.0.1", f"--port={port}"]
    variables = {"FLOWER_BASIC_AUTH": AUTH}
    with served(command, port, logs / "flower", "/healthcheck", **variables) as server:
        yield server


@pytest.fixture(scope="module")
def token(database: str) -> str:
    user_id = given.a_person("prometheus", role=Role.VIEWER)
    return given.do(tokens.make, user_id, "scrape", Scope.READ, timedelta(days=1))


@pytest.fixture(scope="module")
def crawled(worker: Worker, flower: Served, shop: OpenShop) -> ScrapingJob:
    """A job that has ended, watched by everybody."""
    asked = base64.b64encode(AUTH.encode()).decode()
    until(
        lambda: json.loads(flower.get("/api/workers", Authorization=f"Basic {asked}")),
        "Flower knows the worker",
    )
    given.a_target("crawled", spider="demo_shop", start_urls=[shop.url])
    job = awaiting.ended(triggers.request("crawled", Trigger.API).job_id)
    assert job.status is JobStatus.COMPLETED, job.error_message
    return job


@pytest.fixture(scope="module")
def failed(worker: Worker, shop: OpenShop) -> UUID:
    given.a_target("too-much", spider="says_too_much", start_urls=[shop.url])
    return awaiting.ended(triggers.request("too-much", Trigger.API).job_id).id


class Scrape(dict[str, float]):
    """Values by the name of the series and its labels, as `kumo_jobs{status="failed"}`."""

    def __init__(self, text: str) -> None:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels = ",".join(
                    f'{name}="{value}"' for name, value in sorted(sample.labels.items())
                )
                self[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value

    def names(self) -> set[str]:
        return {name.partition("{")[0] for name in self}

    def of(self, worker: str) -> set[str]:
        return {name for name in self if f'worker="{worker}"' in name}


@pytest.fixture
def scrape(dashboard: Served, token: str) -> Any:
    return lambda: Scrape(dashboard.get("/metrics", Authorization=f"Bearer {token}"))


def test_the_numbers_are_those_of_the_rows(crawled: ScrapingJob, scrape: Any) -> None:
    found = scrape()
    rows = given.execute(
        "SELECT count(*) AS jobs, sum(pages) AS pages, sum(items_scraped) AS items,"
        " sum(items_new) AS new, sum(errors) AS errors, sum(bytes_received) AS bytes"
        " FROM scraping_jobs WHERE status = 'completed'"
    )[0]
    assert rows.items > 0
    assert found['kumo_jobs{status="completed"}'] == rows.jobs
    assert found['kumo_jobs_ended_total{status="completed",verdict="good"}'] == rows.jobs
    assert found["kumo_pages_total"] == rows.pages
    assert found["kumo_items_total"] == rows.items == given.count("scraped_items")
    assert found["kumo_items_new_total"] == rows.new
    assert found["kumo_errors_total"] == rows.errors
    assert found["kumo_received_bytes_total"] == rows.bytes
    (checkpoints,) = given.execute("SELECT sum(checkpoint) FROM crawls")[0]
    # A crawl that is over before its first second has a single one.
    counted = found["kumo_checkpoint_seconds_count"]
    assert counted == checkpoints
    assert found["kumo_frontier_seconds_count"] >= counted
    assert 0 < found["kumo_checkpoint_seconds_sum"] < 60
    assert found['kumo_up{part="redis"}'] == 1


def test_what_lives_is_among_the_series(crawled: ScrapingJob, scrape: Any) -> None:
    (row,) = given.execute("SELECT * FROM workers")
    found = scrape()
    assert found[f'kumo_worker_slots{{queues="control,crawls",worker="{row.name}"}}'] == 3
    assert len(found.of(row.name)) == 4
    assert found["kumo_sweep_age_seconds"] < 30
    until(lambda: scrape()["kumo_sweep_seconds_count"] > 0, "a sweep that is counted")


def test_the_panels_and_rules_ask_for_series_that_there_are(
    crawled: ScrapingJob, scrape: Any
) -> None:
    given.execute("INSERT INTO ticks (name) VALUES ('beat'), ('search') ON CONFLICT DO NOTHING")
    # Of what is well there is no series.
    known = scrape().names() | {"kumo_bells_waiting", "kumo_jobs_unserved"}
    panels = json.loads((DEPLOY / "grafana" / "kumo.json").read_text())["panels"]
    asked = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    groups = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    asked += [rule["expr"] for rule in rules]
    named = {name for expression in asked for name in re.findall(r"\bkumo_\w+", expression)}
    assert len(named) > 25
    assert named <= known
    assert all(rule["annotations"]["summary"] and rule["labels"]["severity"] for rule in rules)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_takes_the_rules() -> None:
    rules = DEPLOY / "prometheus" / "alerts.yml"
    subprocess.run(["promtool", "check", "rules", rules], check=True, capture_output=True)


def test_flower_sees_the_worker_and_the_task_of_the_job(
    crawled: ScrapingJob, flower: Served
) -> None:
    asked = {"Authorization": f"Basic {base64.b64encode(AUTH.encode()).decode()}"}
    (row,) = given.execute("SELECT name FROM workers")
    workers = json.loads(flower.get("/api/workers?refresh=1", **asked))
    assert row.name in workers
    task = until(
        lambda: json.loads(flower.get("/api/tasks", **asked)).get(str(crawled.id)),
        "Flower knows the task",
    )
    until(
        lambda: (
            json.loads(flower.get(f"/api/task/info/{crawled.id}", **asked))["state"] == "SUCCESS"
        ),
        "Flower knows that it has ended",
    )
    assert task["name"] == "orchestrator.tasks.scrape_target"
    assert task["worker"] == row.name
    with pytest.raises(urllib.error.HTTPError, match="401"):
        flower.get("/api/workers")


def lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines() if line.strip()]


def test_all_that_a_worker_and_its_crawls_say_is_json_with_ids_and_no_secret(
    crawled: ScrapingJob, failed: UUID, worker: Worker
) -> None:
    said = lines(worker.log)
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in said)
    started = [line for line in said if line.get("action") == "crawl_started"]
    assert {line["job_id"] for line in started} == {str(crawled.id), str(failed)}
    assert {line["target_id"] for line in started} >= {crawled.target_id}
    of_crawl = [line for line in said if line["logger"] == "says_too_much"]
    assert {line["job_id"] for line in of_crawl} == {str(failed)}
    assert "Tried https://••••••@shop.example/ for " in of_crawl[0]["message"]
    assert "hunter2" not in worker.said()
    received = [line for line in said if line.get("task_id") == str(crawled.id)]
    assert {line["job_id"] for line in received} == {str(crawled.id)}


def test_all_that_the_dashboard_says_is_json_from_its_first_line(
    dashboard: Served, scrape: Any
) -> None:
    scrape()
    said = lines(dashboard.log)
    assert "Starting gunicorn" in said[0]["message"]
    answered = [line for line in said if line.get("action") == "answered"]
    assert {"/healthz", "/metrics"} <= {line["path"] for line in answered}
    assert all(line["status"] == 200 for line in answered)


def test_an_error_of_a_crawl_is_reported_without_what_was_scraped(
    failed: UUID, receiver: Receiver, shop: OpenShop
) -> None:
    reported = until(
        lambda: [event for event in receiver.events if event["tags"]["job_id"] == str(failed)],
        "an error that is reported",
    )
    assert {event["tags"]["part"] for event in reported} == {"crawler"}
    types = {each["type"] for event in reported for each in event["exception"]["values"]}
    assert types == {"ValueError"}, reported
    assert not [each for each in shop.products().values() if each.name in receiver.raw]
    assert "hunter2" not in receiver.raw


def test_what_a_killed_crawl_had_counted_stays_and_its_worker_is_gone(
    crawled: ScrapingJob, worker: Worker, slow_shop: OpenShop, scrape: Any
) -> None:
    (row,) = given.execute("SELECT name FROM workers")
    wind_back = "UPDATE workers SET seen_at = seen_at - interval '5 min'"
    given.execute(wind_back)
    until(lambda: scrape().of(row.name), "a worker that lives and is heard of again")
    given.a_target("slow", spider="demo_shop", start_urls=[slow_shop.url])
    job_id = triggers.request("slow", Trigger.API).job_id
    awaiting.with_items(job_id, 20)
    crawling = until(lambda: at_a_second_checkpoint(job_id, scrape), "a crawl that has counted")
    assert crawling["kumo_crawls_running"] == 1
    worker.crawler().kill()
    worker.kill()
    given.execute(wind_back)
    after = scrape()
    assert after.of(row.name) == set()
    for name in ("kumo_checkpoint_seconds_count", "kumo_frontier_seconds_count"):
        assert after[name] >= crawling[name] > 0


def at_a_second_checkpoint(job_id: UUID, scrape: Any) -> Scrape | None:
    (row,) = given.execute("SELECT checkpoint FROM crawls WHERE job_id = :id", id=job_id)
    return scrape() if row.checkpoint > 1 else None
