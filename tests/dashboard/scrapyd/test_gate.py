from base64 import b64encode

import pytest
from flask.testing import FlaskClient

from dashboard.scrapyd.endpoints import ENDPOINTS
from orchestrator.ledger.models import Scope
from tests.dashboard.scrapyd.conftest import Client, a_token, basic
from tests.orchestrator.ledger import given

PATHS = [
    *(f"/{name}.json" for name in ENDPOINTS),
    "/",
    "/jobs",
    "/logs",
    "/logs/",
    "/logs/stats.json",
    "/logs/kumo/shop/1.log",
    "/items/kumo/shop/1.jl",
    "/static/scrapyd.css",
    "/nothing",
]


def test_a_stranger_is_refused_everything(stranger: Client) -> None:
    for path in PATHS:
        for method in ("GET", "HEAD", "POST", "OPTIONS", "DELETE"):
            response = stranger.ask(method, path)
            assert response.status_code == 401, (method, path)
            assert response.headers["WWW-Authenticate"] == 'basic realm="Scrapyd"'
            assert response.headers["Content-Type"] == "text/html"
            assert response.text == ("" if method == "HEAD" else "Unauthorized")


@pytest.mark.parametrize(
    "header",
    [
        "Basic", "Basic ?", "Basic " + b64encode(b"\xff:\xff").decode(), "Bearer kumo_x",
        basic(""), basic("kumo_x"), basic("x" * 5_000), "Digest username=x", "\x00", "Basic Og==",
    ],
)  # fmt: skip
def test_a_wrong_password_is_refused(stranger: Client, header: str) -> None:
    assert stranger.get("/jobs", headers={"Authorization": header}).status_code == 401


def test_any_name_does_and_an_ended_token_does_not(served: FlaskClient, client: Client) -> None:
    token = a_token(Scope.READ)
    assert Client(served, token).told("listprojects")["status"] == "ok"
    given.execute("UPDATE api_tokens SET expires_at = now() WHERE name = 'read'")
    assert Client(served, token).get("/listprojects.json").status_code == 401
    assert client.told("listprojects")["status"] == "ok"


def test_a_token_that_reads_starts_and_stops_nothing(reader: Client) -> None:
    given.a_target("shop")
    for name, endpoint in ENDPOINTS.items():
        if endpoint.method == "POST":
            said = reader.post(name, project="kumo", spider="shop", job="1", version="1")
            assert said["message"].startswith("The token read may only read"), name
    assert given.count("scraping_jobs") == 0
    assert reader.told("listspiders", project="kumo")["status"] == "ok"
    assert reader.get("/jobs").status_code == 200


def test_what_a_page_elsewhere_makes_a_browser_post_is_refused(client: Client) -> None:
    given.a_target("shop")
    form = {"project": "kumo", "spider": "shop"}
    for site in ("cross-site", "same-site"):
        headers = {"Sec-Fetch-Site": site}
        said = client.ask("POST", "/schedule.json", data=form, headers=headers).get_json()
        assert said["message"].startswith("Refused")
    assert given.count("scraping_jobs") == 0


def test_wrong_tokens_are_limited_and_a_right_one_still_passes(
    stranger: Client, reader: Client
) -> None:
    wrong = {"Authorization": basic("kumo_wrong")}
    answers = [stranger.get("/jobs", headers=wrong) for _ in range(32)]
    assert [each.status_code for each in answers] == [401] * 30 + [429] * 2
    assert stranger.get("/listjobs.json", headers=wrong).status_code == 429
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert reader.get("/jobs").status_code == 200
    # Who has shown nothing has guessed nothing.
    assert stranger.get("/jobs").status_code == 401
