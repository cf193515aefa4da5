import re
import uuid

from tests.dashboard.scrapyd.conftest import Client
from tests.orchestrator.ledger import given

#: What ScrapydWeb 1.6.0 finds a job by.
ROW = re.compile(r"<tr>\s*" + r"<td>(.*?)</td>\s*" * 9 + "</tr>")
HEADS = re.compile(r"<thead>.*?</thead>", re.DOTALL)
HOSTILE = "<script>alert(1)</script>\"'&"


def listed(client: Client, **options: str) -> list[tuple[str, ...]]:
    page = client.get("/jobs", headers=options)
    assert page.status_code == 200
    assert "<h1>Jobs</h1>" in page.text
    found: list[tuple[str, ...]] = ROW.findall(HEADS.sub("", page.text))
    return found


def test_jobs_are_rows_that_scrapydweb_reads(client: Client) -> None:
    assert listed(client) == []
    for name in ("done", "busy", "next"):
        given.a_target(name)
    done = client.schedule("done")["jobid"]
    given.claim(uuid.UUID(done))
    given.finish(uuid.UUID(done), given.COMPLETED)
    busy = client.schedule("busy", jobid="2019-01-01T00_00_01")["jobid"]
    given.claim(
        uuid.UUID(
            given.execute("SELECT job_id::text FROM scrapyd_jobs WHERE jobid = :id", id=busy)[0][0]
        )
    )
    client.schedule("next", jobid="later")
    pending, running, finished = listed(client)
    assert pending == ("kumo", "next", "later", "", "", "", "", "", "")
    assert running[:3] == ("kumo", "busy", busy)
    assert running[6:] == ("", f'<a href="/logs/kumo/busy/{busy}.log">Log</a>', "")
    second = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    assert re.fullmatch(second, running[4])
    assert re.fullmatch(r"\d+:\d\d:\d\d", running[5])
    assert finished[:4] == ("kumo", "done", done, "")
    assert re.fullmatch(second, finished[4])
    assert re.fullmatch(second, finished[6])


def test_a_proxys_prefix_is_before_every_link(client: Client) -> None:
    home = client.get("/", headers={"X-Forwarded-Prefix": "/tools/scrapyd/"}).text
    assert 'href="/tools/scrapyd/jobs"' in home
    assert 'href="/tools/scrapyd/logs/"' in home
    for hostile in ("//evil.example", "javascript:alert(1)", '"><b>', "/a/../b?", "https://x"):
        page = client.get("/", headers={"X-Forwarded-Prefix": hostile}).text
        assert 'href="/jobs"' in page


def test_text_of_strangers_is_escaped(client: Client) -> None:
    given.a_target("shop")
    jobid = client.schedule("shop", jobid=HOSTILE.replace("/", ""))["jobid"]
    found = given.execute("SELECT job_id FROM scrapyd_jobs WHERE jobid = :id", id=jobid)
    given.claim(found[0][0])
    for path in ("/jobs", "/logs/kumo/shop/", f"/logs/kumo/{HOSTILE}/", f"/{HOSTILE}"):
        page = client.get(path).text
        assert "<script" not in page
        assert "default-src 'self'" in client.get(path).headers["Content-Security-Policy"]
    link = re.search(r'href="(/logs/[^"]+)"', client.get("/jobs").text)
    assert link
    assert client.get(link[1]).status_code == 200


def test_jobs_can_only_be_read(client: Client) -> None:
    response = client.ask("POST", "/jobs")
    assert response.status_code == 405
    assert {"GET", "HEAD"} <= set(response.headers["Allow"].split(", "))
