import pytest
import redis
from flask import Flask

from dashboard import create_app
from orchestrator import config
from tests.dashboard.conftest import Browser
from tests.orchestrator.ledger import given


def fails(browser: Browser, name: str = "admin") -> int:
    return browser.sign_in(name, "a wrong password").status_code


def test_after_ten_failures_even_the_right_password_has_to_wait(stranger: Browser) -> None:
    assert [fails(stranger) for _ in range(10)] == [401] * 10
    answer = stranger.sign_in("admin")
    assert answer.status_code == 429
    assert "wait a minute" in answer.text


def test_the_failures_of_one_name_do_not_lock_out_another(stranger: Browser) -> None:
    for _ in range(11):
        fails(stranger)
    assert stranger.sign_in("viewer").status_code == 303


def test_many_names_from_one_address_are_stopped_too(stranger: Browser) -> None:
    names = [f"guess-{number}" for number in range(31)]
    for name in names:
        given.a_person(name)  # whose password costs less than that of an unknown name
    statuses = [fails(stranger, name) for name in names]
    assert statuses == [401] * 30 + [429]


def test_signing_in_often_is_no_failure(app: Flask) -> None:
    statuses = {Browser(app.test_client()).sign_in("viewer").status_code for _ in range(12)}
    assert statuses == {303}


def test_failures_are_counted_in_redis_for_all_processes_together(
    app: Flask, stranger: Browser, redis_url: str
) -> None:
    for _ in range(10):
        fails(stranger)
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys("*kumo*")
    assert Browser(create_app().test_client()).sign_in("admin").status_code == 429


@pytest.mark.usefixtures("app")
def test_without_redis_sign_in_works_and_is_still_limited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    config.get.cache_clear()
    stranger = Browser(create_app().test_client())
    assert [fails(stranger) for _ in range(10)] == [401] * 10
    assert fails(stranger) == 429
    assert Browser(stranger.client.application.test_client()).sign_in("viewer").status_code == 303
