import io
import json
import socket
import uuid
from importlib.metadata import version

import pytest

from dashboard.scrapyd.endpoints import ENDPOINTS
from orchestrator.ledger import scrapyd_jobs
from orchestrator.ledger.models import JobStatus
from tests.dashboard.scrapyd.conftest import SPIDERS, Client
from tests.orchestrator.ledger import given

BY_GET = [name for name, endpoint in ENDPOINTS.items() if endpoint.method == "GET"]
BY_POST = [name for name, endpoint in ENDPOINTS.items() if endpoint.method == "POST"]
UNKNOWN = {"status": "error", "message": "project 'x' not found", "node_name": socket.gethostname()}


def test_an_answer_is_written_as_scrapyd_writes_it(client: Client) -> None:
    response = client.get("/listprojects.json")
    said = {"projects": ["kumo"], "status": "ok", "node_name": socket.gethostname()}
    assert response.text == json.dumps(said) + "\n"
    assert list(response.get_json()) == ["projects", "status", "node_name"]
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Allow-Methods"] == "OPTIONS, HEAD, GET"
    assert response.headers["Access-Control-Allow-Headers"] == "X-Requested-With"
    assert response.headers["Content-Length"] == str(len(response.data))
    refused = client.ask("POST", "/cancel.json")
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    assert refused.headers["Access-Control-Allow-Methods"] == "OPTIONS, HEAD, POST"


@pytest.mark.parametrize("name", [*ENDPOINTS])
def test_a_wrong_method_is_an_error_with_status_200(client: Client, name: str) -> None:
    own = ENDPOINTS[name].method
    for method in {"GET", "POST", "DELETE"} - {own}:
        said = client.ask(method, f"/{name}.json").get_json()
        assert said["status"] == "error"
        assert said["message"].startswith("UnsupportedMethod: Expected one of [b'OPTIONS'")
    options = client.ask("OPTIONS", f"/{name}.json")
    assert (options.status_code, options.data) == (204, b"")
    assert options.headers["Allow"] == f"OPTIONS, HEAD, {own}"
    head = client.ask("HEAD", f"/{name}.json")
    assert (head.status_code, head.data) == (200, b"")
    assert int(head.headers["Content-Length"]) > 0


def test_another_address_is_no_resource(client: Client) -> None:
    for path in ("/nothing.json", "/schedule.json/more", "/api", "/a//logs"):
        response = client.get(path)
        assert response.status_code == 404
        assert "No Such Resource" in response.text


def test_what_is_required_is_asked_for_in_scrapyds_order(client: Client) -> None:
    required = {"listversions": "project", "listspiders": "project", "status": "job"}
    for name, parameter in required.items():
        assert client.told(name)["message"] == f"'{parameter}' parameter is required"
    assert client.post("schedule")["message"] == "'project' parameter is required"
    assert client.post("schedule", project="x")["message"] == "'spider' parameter is required"
    assert client.post("cancel", project="x")["message"] == "'job' parameter is required"
    assert client.post("delversion", project="x")["message"] == "'version' parameter is required"


def test_an_unknown_project_is_not_found_but_has_no_versions(client: Client) -> None:
    assert client.told("listspiders", project="x") == UNKNOWN
    assert client.told("listjobs", project="x") == UNKNOWN
    assert client.told("status", project="x", job="1") == UNKNOWN
    assert client.post("schedule", project="x", spider="y") == UNKNOWN
    assert client.post("cancel", project="x", job="1") == UNKNOWN
    assert client.post("delproject", project="x") == UNKNOWN
    assert client.told("listversions", project="x")["versions"] == []
    assert client.post("delversion", project="x", version="1")["message"] == "version '1' not found"


def test_the_version_is_kumos_own(client: Client) -> None:
    own = version("kumo")
    assert client.told("listversions", project="kumo")["versions"] == [own]
    assert client.told("listspiders", project="kumo", _version=own)["status"] == "ok"
    given.a_target("shop")
    assert client.schedule("shop", _version="2")["message"] == "version '2' not found"
    assert client.schedule("shop", _version=own)["status"] == "ok"


def test_spiders_are_those_that_workers_know_and_the_targets(client: Client) -> None:
    given.a_target("shop-a")
    found = client.told("listspiders", project="kumo")["spiders"]
    assert found == sorted([*SPIDERS, "shop-a"])


def test_parameters_may_come_by_address_form_or_parts_and_the_first_counts(client: Client) -> None:
    given.a_target("one")
    given.a_target("two")
    both = client.ask(
        "POST", "/schedule.json?project=kumo&spider=one", data={"spider": ["two", "three"]}
    )
    assert both.get_json()["status"] == "ok"
    parts = {"project": "kumo", "spider": "two", "file": (io.BytesIO(b"x"), "x")}
    assert client.ask("POST", "/schedule.json", data=parts).get_json()["status"] == "ok"
    bodily = client.ask("POST", "/schedule.json", json={"project": "kumo", "spider": "two"})
    assert bodily.get_json()["message"] == "'project' parameter is required"


def test_what_is_no_utf_8_is_named(client: Client) -> None:
    response = client.ask(
        "POST",
        "/schedule.json",
        data=b"project=kumo&spider=%ff",
        content_type="application/x-www-form-urlencoded",
    )
    assert response.get_json()["message"].startswith("spider is invalid: 'utf-8' codec")


def test_a_job_goes_from_pending_to_finished(client: Client) -> None:
    given.a_target("shop", arguments={"page": 3}, settings={"DOWNLOAD_DELAY": 0.5})
    jobid = client.schedule("shop")["jobid"]
    named = {"id": jobid, "project": "kumo", "spider": "shop"}
    asked = {"settings": {"DOWNLOAD_DELAY": "0.5"}, "args": {"page": "3"}}
    listed = client.told("listjobs", project="kumo")
    assert listed["pending"] == [named | {"version": None} | asked]
    assert client.told("status", job=jobid)["currstate"] == "pending"
    given.claim(uuid.UUID(jobid))
    (running,) = client.told("listjobs")["running"]
    assert running.items() >= named.items()
    assert isinstance(running["pid"], int)
    assert running["log_url"] == f"/logs/kumo/shop/{jobid}.log"
    assert client.told("status", job=jobid, project="kumo")["currstate"] == "running"
    given.finish(uuid.UUID(jobid), given.COMPLETED)
    (finished,) = client.told("listjobs", project="kumo")["finished"]
    assert finished.items() >= named.items()
    assert finished["start_time"] <= finished["end_time"]
    assert "+" not in finished["end_time"]
    assert client.told("status", job=jobid)["currstate"] == "finished"
    counts = client.told("daemonstatus")
    assert (counts["pending"], counts["running"], counts["finished"]) == (0, 0, 1)


def test_no_list_is_longer_than_a_hundred_that_ended(client: Client) -> None:
    job_id = given.brought_to(JobStatus.CANCELLED, given.a_target("shop"))
    skipped = given.brought_to(JobStatus.CANCELLED, given.a_target("other"))
    given.execute("UPDATE scraping_jobs SET status = 'skipped' WHERE id = :id", id=skipped)
    given.execute(
        "INSERT INTO scraping_jobs (target_id, status, trigger, definition, completed_at)"
        " SELECT target_id, status, trigger, definition, now() + n * interval '1 s'"
        " FROM scraping_jobs, generate_series(1, 100) n WHERE id = :id",
        id=job_id,
    )
    finished = client.told("listjobs")["finished"]
    ends = [job["end_time"] for job in finished]
    assert len(ends) == 100
    assert ends == sorted(ends, reverse=True)
    assert str(job_id) not in {job["id"] for job in finished}
    assert client.told("daemonstatus")["finished"] == 100


def test_unknown_jobs_have_no_state(client: Client) -> None:
    for job in ("nothing", str(uuid.uuid4()), "a\x00b", "\ud800".encode("utf-8", "surrogatepass")):
        assert client.told("status", job=job).get("currstate") is None
    assert client.post("cancel", project="kumo", job="nothing")["prevstate"] is None


def test_cancelling_is_told_what_was_and_twice_is_harmless(client: Client) -> None:
    given.a_target("shop")
    first, cancel = client.schedule("shop")["jobid"], {"project": "kumo", "signal": "TERM"}
    assert client.post("cancel", job=first, **cancel)["prevstate"] == "pending"
    assert client.post("cancel", job=first, **cancel)["prevstate"] is None
    second = client.schedule("shop")["jobid"]
    given.claim(uuid.UUID(second))
    assert client.post("cancel", job=second, **cancel)["prevstate"] == "running"
    assert client.post("cancel", job=second, project="kumo", signal="9")["prevstate"] == "running"
    assert given.count("audit_log", "action = 'job.cancel' AND who = 'operate'") == 3
    wrong = client.post("cancel", project="kumo", job=second, signal="NOISE")
    assert wrong["message"] == "signal is invalid: 'NOISE' is no signal"


def test_a_clients_own_id_is_kept_everywhere(client: Client) -> None:
    given.a_target("shop")
    own = "2019-01-01T00_00_01"
    assert client.schedule("shop", jobid=own)["jobid"] == own
    assert [job["id"] for job in client.told("listjobs")["pending"]] == [own]
    job = given.do(scrapyd_jobs.find, own)
    assert client.told("status", job=str(job.id))["currstate"] == "pending"
    given.claim(job.id)
    assert client.told("listjobs")["running"][0]["log_url"] == f"/logs/kumo/shop/{own}.log"
    assert client.get(f"/logs/kumo/shop/{own}.log").status_code == 200
    assert client.post("cancel", project="kumo", job=own)["prevstate"] == "running"


def test_an_id_that_is_in_use_or_unsafe_is_refused_and_starts_nothing(client: Client) -> None:
    for name in ("one", "two"):
        given.a_target(name)
    other = client.schedule("one", jobid="mine")
    known = str(given.do(scrapyd_jobs.find, other["jobid"]).id)
    for jobid in ("mine", known):
        message = client.schedule("two", jobid=jobid)["message"]
        assert message.startswith(f"jobid '{jobid}' is in use")
    for jobid in ("../up", "a/b", "a\\b", ".hidden", "a\nb", "a b", "x" * 201):
        assert client.schedule("two", jobid=jobid)["message"].startswith("jobid is invalid: it ")
    assert given.count("scraping_jobs") == 1


def test_a_busy_target_says_which_job_it_has(client: Client) -> None:
    given.a_target("shop")
    client.schedule("shop", jobid="first")
    said = client.schedule("shop", jobid="second")
    assert said["status"] == "error"
    assert said["message"].startswith("Target shop has an active job already, first (pending)")


def test_an_unknown_spider_is_not_found(client: Client) -> None:
    for spider in ("nobody", "", "\x00", "../etc"):
        assert client.schedule(spider)["message"] == f"spider '{spider}' not found"
    assert given.count("scraping_targets") == 0


def test_a_higher_priority_is_served_sooner(client: Client) -> None:
    wanted = {"0": 5, "1": 4, "0.5": 4, "-2": 7, "9": 0, "inf": 0, "-1e9": 9}
    for number, (priority, ours) in enumerate(wanted.items()):
        given.a_target(f"t{number}")
        jobid = client.schedule(f"t{number}", priority=priority)["jobid"]
        assert given.job(uuid.UUID(jobid)).priority == ours, priority
    for priority in ("abc", "nan", ""):
        assert client.schedule("t0", priority=priority)["message"].startswith("priority is invalid")


def test_a_setting_that_no_target_may_have_is_named(client: Client) -> None:
    for setting in ("ITEM_PIPELINES={}", "FEEDS=x", "DOWNLOAD_DELAY=soon"):
        said = client.schedule("quotes", setting=setting)
        assert said["status"] == "error"
        assert setting.partition("=")[0] in said["message"]
    assert "'nothing' is no KEY=VALUE" in client.schedule("quotes", setting="nothing")["message"]
    assert given.count("scraping_targets") == 0


def test_no_code_is_taken_or_deleted(client: Client) -> None:
    egg, parts = b"PK" * 2_000_000, "multipart/form-data; boundary=x"
    said = client.ask("POST", "/addversion.json", data=egg, content_type=parts).get_json()
    assert said["status"] == "error"
    assert said["message"].startswith("Kumo takes no eggs")
    own = {"project": "kumo", "version": version("kumo")}
    assert client.post("delversion", **own)["message"].startswith("Kumo's project is")
    assert client.post("delproject", project="kumo")["message"].startswith("Kumo's project is")


def test_a_large_request_is_refused_in_words(client: Client) -> None:
    assert client.schedule("shop", a="x" * 1_100_000)["status"] == "error"
    assert client.schedule("shop", **{f"a{n}": "x" for n in range(2_000)})["status"] == "error"
