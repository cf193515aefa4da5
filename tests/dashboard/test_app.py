import pytest
from flask import Flask

from dashboard import create_app
from orchestrator import config
from orchestrator.exceptions import ConfigError


def test_without_a_secret_key_the_sentence_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("KUMO_SECRET_KEY", raising=False)
    with pytest.raises(ConfigError, match=r"set KUMO_SECRET_KEY, or start .* `make up`"):
        create_app()


def test_two_installations_on_one_machine_keep_their_sessions_apart(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "8123")
    config.get.cache_clear()
    assert create_app().config["SESSION_COOKIE_NAME"] != app.config["SESSION_COOKIE_NAME"]


@pytest.mark.parametrize("tls", [True, False])
def test_the_cookie_is_secure_exactly_when_served_over_tls(
    app: Flask, monkeypatch: pytest.MonkeyPatch, tls: bool
) -> None:
    monkeypatch.setenv("KUMO_TLS", str(tls))
    config.get.cache_clear()
    cookie = create_app().test_client().get("/sign-in").headers["Set-Cookie"]
    assert ("Secure" in cookie) is tls
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_the_app_starts_before_its_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KUMO_SECRET_KEY", "a secret that only tests know")
    monkeypatch.setenv("DATABASE_URL", "postgresql://kumo@127.0.0.1:1/kumo")
    config.get.cache_clear()
    assert create_app().test_client().get("/healthz").status_code == 200
