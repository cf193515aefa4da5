import pytest
from flask import Flask
from werkzeug.exceptions import TooManyRequests

from dashboard import bearers, create_app
from orchestrator import config
from orchestrator.ledger import tokens
from orchestrator.ledger.models import Role, Scope
from tests.orchestrator.ledger import given


def a_token(name: str, scope: Scope) -> str:
    """Of the admin or viewer that the app's tests have."""
    user_id = given.execute("SELECT id FROM users WHERE name = :name", name=name)[0][0]
    return given.do(tokens.make, user_id, "robot", scope, None)


def test_a_token_may_what_its_scope_says(app: Flask) -> None:
    with app.test_request_context():
        bearer = bearers.holder(a_token("admin", Scope.OPERATE))
    assert bearer
    may = {role: bearer.role.covers(role) for role in Role}
    assert may == {Role.VIEWER: True, Role.OPERATOR: True, Role.ADMIN: False}


@pytest.mark.parametrize("redis_is_away", [False, True])
def test_wrong_tokens_of_one_address_are_limited(
    app: Flask, monkeypatch: pytest.MonkeyPatch, redis_is_away: bool
) -> None:
    if redis_is_away:
        monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
        config.get.cache_clear()
        app = create_app()
    address = f"10.0.0.{int(redis_is_away)}"
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert [bearers.holder("kumo_wrong") for _ in range(30)] == [None] * 30
        with pytest.raises(TooManyRequests):
            bearers.holder("kumo_wrong")
        assert bearers.holder(a_token("admin", Scope.READ))
    with app.test_request_context(environ_base={"REMOTE_ADDR": "10.0.1.1"}):
        assert bearers.holder("kumo_wrong") is None
