"""Secrets are sent where they belong, and nowhere else is more than their name."""

import asyncio
from typing import Any

import pytest
from scrapy import Request, Spider
from scrapy.http import Response

from orchestrator import config
from orchestrator.exceptions import ConfigError
from spiders_project import secrets
from spiders_project.secrets import Secrets

START = "https://api.test/v1?key=${KEY_1}"


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUMO_SECRET_KEY_1", "a&b c")
    monkeypatch.setenv("KUMO_SECRET_TOKEN", " t0p \n")


@pytest.fixture
def known() -> Secrets:
    return Secrets([START], {"Authorization": "Bearer ${TOKEN}"})


def test_a_start_url_and_a_header_carry_the_values(known: Secrets) -> None:
    request = Request(START, headers={"Authorization": "Bearer ${TOKEN}"}, meta={"depth": 1})
    assert "KEY_1" in request.url
    filled = known.filled(request)
    assert filled.url == "https://api.test/v1?key=a%26b%20c"
    assert filled.headers["Authorization"] == b"Bearer t0p"
    assert filled.meta == request.meta
    assert repr(filled) == str(filled) == repr(request)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.test/v1?key=${KEY_1}",
        "http://api.test/v1?key=${KEY_1}",
        "https://api.test:8443/v1?key=${KEY_1}",
        "https://api.test.evil.test/?key=${KEY_1}",
        "https://api.test@evil.test/?key=${KEY_1}",
        "https://api.test/?key=${OTHER}",
        "https://api.test/",
    ],
)
def test_no_other_origin_and_no_other_name_gets_a_value(known: Secrets, url: str) -> None:
    headers = {} if url.startswith("https://api.test/") else {"Authorization": "Bearer ${TOKEN}"}
    request = Request(url, headers=headers)
    assert known.filled(request) is request


def test_what_a_site_repeats_has_the_name_again(known: Secrets) -> None:
    said = {"next": "https://api.test/?key=a%26b%20c&page=2", "you": ["t0p", 1, None]}
    assert known.hidden(said) == {
        "next": "https://api.test/?key=${KEY_1}&page=2",
        "you": ["${TOKEN}", 1, None],
    }


def test_a_secret_that_is_unknown_or_kumos_own_is_no_targets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KUMO_SECRET_KEY", "signs the dashboard's sessions")
    with pytest.raises(ConfigError, match="KUMO_SECRET_KEY, which is Kumo's own"):
        config.secret("KEY")
    with pytest.raises(ConfigError, match="set KUMO_SECRET_OTHER for the workers"):
        config.secret("OTHER")
    assert config.secret("TOKEN") == "t0p"


@pytest.mark.parametrize(
    ("start_urls", "arguments"),
    [
        (["https://x.test/${NONE}"], {}),
        ([], {"headers": {"X": "${NONE}"}}),
        ([], {"headers": {"X": {"secret": "NONE"}}}),
        ([], {"deep": [{"in": {"secret": "NONE"}}]}),
    ],
)
def test_what_a_target_names_is_looked_up_before_it_begins(
    start_urls: list[str], arguments: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError, match="KUMO_SECRET_NONE"):
        secrets.check(start_urls, arguments)


def test_a_spider_with_code_is_told_values_and_a_recipe_names() -> None:
    arguments = {"login": {"password": {"secret": "TOKEN"}}, "pattern": "${NOT_ONE}"}
    assert secrets.told("demo_shop", arguments) == {
        "login": {"password": "t0p"}, "pattern": "${NOT_ONE}",
    }  # fmt: skip
    headers = {"headers": {"X": {"secret": "TOKEN"}}}
    assert secrets.told("api", headers) == headers


async def _answered(request: Request) -> Response:
    request.meta["download_latency"] = 0.5
    return Response(request.url)


async def _failed(request: Request) -> Response:
    raise TimeoutError(f"Getting {request.url} took longer than 1 s")


def test_response_and_errors_have_the_name() -> None:
    spider = Spider("api", start_urls=[START])
    request = Request(START)
    response = asyncio.run(secrets.sent(spider, request, _answered))
    assert response.url == request.url
    assert request.meta["download_latency"] == 0.5
    with pytest.raises(TimeoutError) as caught:
        asyncio.run(secrets.sent(spider, request, _failed))
    assert "a%26b" not in str(caught.value)
    assert "${KEY_1}" in str(caught.value)


def test_a_secret_that_is_part_of_another_does_not_spoil_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KUMO_SECRET_LONG", "t0p-t0p/and more")
    known = Secrets(["https://api.test/${TOKEN}/${LONG}"], {})
    for spelt in ("t0p-t0p/and more", "t0p-t0p/and%20more", "t0p-t0p%2Fand+more"):
        assert known.hidden(spelt) == "${LONG}"


@pytest.mark.parametrize("headers", [["X"], {"X": ["${NONE}"]}, None])
def test_what_a_spider_with_code_calls_headers_is_its_own_affair(headers: Any) -> None:
    spider = Spider("own", start_urls=["https://api.test/"], headers=headers)
    assert secrets.of(spider).hidden("as it is") == "as it is"
