from sqlalchemy.orm import Session

from dashboard.api import document
from orchestrator.ledger import workers
from orchestrator.ledger.models import JobStatus, Scope, ScrapingTarget
from orchestrator.ledger.workers import Seen
from tests.dashboard import rows
from tests.dashboard.api.conftest import Program
from tests.orchestrator.ledger import given


def test_workers_are_told_with_what_they_crawl(
    reading: Program, session: Session, target: ScrapingTarget
) -> None:
    seen = Seen("crawls@kumo-1", 4711, ["crawls"], 4, 10**8, {"kumo": "0.1"}, ["demo_shop"])
    workers.begin(session, seen)
    job = rows.job(session, target, JobStatus.RUNNING)
    rows.crawl(session, job)
    session.flush()
    (told,) = reading.all_of("/workers")
    assert (told["name"], told["alive"], told["slots"]) == ("crawls@kumo-1", True, 4)
    assert [each["job_id"] for each in told["taken"]] == [str(job.id)]


def test_health_says_what_is_missing(reading: Program, target: ScrapingTarget) -> None:
    given.a_job(target.id)
    told = reading.get("/health").json
    assert (told["status"], told["crawlers"], told["jobs_waiting"]) == ("degraded", 0, 1)
    assert told["unserved"] == {"crawls": 1}


def test_a_token_is_told_whom_it_speaks_for(reading: Program) -> None:
    assert reading.get("/me").json == {
        "user": "admin",
        "token": "a program",
        "role": "viewer",
        "scope": Scope.READ,
    }


def test_the_document_is_told_with_where_it_is(reading: Program) -> None:
    told = reading.get("/openapi.json").json
    assert told["openapi"] == "3.1.0"
    assert told["servers"] == [{"url": "/api/v1"}]
    api = reading.client.application.extensions["kumo_api"]
    assert told["paths"].keys() == document.of(api)["paths"].keys()
