import pytest
from flask import Flask, request

from dashboard import create_app, proxies, scrapyd
from orchestrator import config
from tests.dashboard.conftest import Browser

#: What a visitor forged, then what each proxy added: the visitor's address, and that of the first.
FORWARDED = "1.1.1.1, 203.0.113.7, 10.0.0.1"


def behind(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setenv("KUMO_PROXIES", str(count))
    config.get.cache_clear()


def seen(headers: dict[str, str]) -> tuple[str | None, str]:
    app = Flask(__name__)
    app.add_url_rule("/", "seen", lambda: {"address": request.remote_addr, "url": request.url})
    proxies.attach(app)
    said = app.test_client().get("/", headers=headers).get_json()
    return said["address"], said["url"]


@pytest.mark.parametrize(
    ("count", "address"), [(0, "127.0.0.1"), (1, "10.0.0.1"), (2, "203.0.113.7"), (4, "127.0.0.1")]
)
def test_so_many_addresses_are_believed_as_there_are_proxies(
    monkeypatch: pytest.MonkeyPatch, count: int, address: str
) -> None:
    behind(monkeypatch, count)
    assert seen({"X-Forwarded-For": FORWARDED})[0] == address


def test_the_scheme_is_what_the_nearest_proxy_says_and_the_host_that_of_the_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "Host": "kumo.one"}
    behind(monkeypatch, 0)
    assert seen(headers)[1] == "http://kumo.one/"
    behind(monkeypatch, 2)
    assert seen(headers)[1] == "https://kumo.one/"


def test_nobody_escapes_the_count_of_failures_by_a_forged_address(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind(monkeypatch, 1)
    guesser = Browser(create_app().test_client())

    def fails(forged: int, real: str) -> int:
        headers = {"X-Forwarded-For": f"192.0.2.{forged}, {real}"}
        return guesser.sign_in("admin", "a wrong password", headers=headers).status_code

    assert [fails(number, "203.0.113.7") for number in range(11)] == [401] * 10 + [429]
    assert fails(0, "203.0.113.8") == 401


def test_programs_and_scrapyds_clients_come_by_the_same_way(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind(monkeypatch, 1)
    for made in (create_app(), scrapyd.create_app()):
        assert type(made.wsgi_app).__name__ == "ProxyFix"
