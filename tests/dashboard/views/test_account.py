import re

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator.ledger import people, tokens
from orchestrator.ledger.models import ApiToken, AuditEntry, Role
from tests.dashboard.conftest import PASSWORD, Browser

NEW = "another long password"


def change(
    browser: Browser, current: str = PASSWORD, password: str = NEW, again: str | None = None
) -> tuple[int, str]:
    again = password if again is None else again
    fields = {"current": current, "password": password, "again": again}
    answer = browser.post("/account/password", fields)
    return answer.status_code, answer.text


def make(browser: Browser, **fields: str) -> tuple[int, str]:
    answer = browser.post(
        "/account/tokens", {"name": "nightly report", "scope": "read", "days": "30"} | fields
    )
    return answer.status_code, answer.text


def secret(text: str) -> str:
    found = re.search(r'<code class="secret"[^>]*>([^<]+)</code>', text)
    assert found
    return found[1]


def noted(session: Session) -> list[tuple[str, str]]:
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action != "sign_in"))
    return [(one.who, one.action) for one in entries]


def test_everybody_has_a_page_of_their_own(viewer: Browser, operator: Browser) -> None:
    assert '<bdi class="name">viewer</bdi>' in viewer.get("/account").text
    assert "Operator" in operator.get("/account").text
    assert 'href="/account"' in viewer.get("/jobs").text


def test_a_new_password_ends_the_other_sessions_and_not_this_one(
    app: Flask, viewer: Browser, session: Session
) -> None:
    other = Browser(app.test_client())
    other.sign_in("viewer")
    viewer.get("/account")
    assert change(viewer)[0] == 303
    assert "Your password is changed" in viewer.get("/account").text
    assert other.get("/account").status_code == 302
    assert other.sign_in("viewer").status_code == 401
    assert other.sign_in("viewer", NEW).status_code == 303
    assert noted(session) == [("viewer", "account.password")]


def test_the_current_password_is_asked_for(viewer: Browser, session: Session) -> None:
    for wrong in ("not the one", "\0", "x" * 5_000):
        status, text = change(viewer, wrong)
        assert status == 401
        assert "This is not your current password." in text
    assert change(viewer, "")[0] == 422
    assert noted(session) == []


def test_guesses_at_the_current_password_are_limited(viewer: Browser, operator: Browser) -> None:
    assert [change(viewer, "a wrong password")[0] for _ in range(10)] == [401] * 10
    viewer.get("/account")
    assert change(viewer)[0] == 429
    operator.get("/account")
    assert change(operator)[0] == 303


def test_a_new_password_that_will_not_do_is_no_guess(viewer: Browser) -> None:
    for _ in range(11):
        status, text = change(viewer, password="short")
        assert (status, "A password has 10" in text) == (422, True)
    status, text = change(viewer, again="something else")
    assert (status, "The two new passwords differ." in text) == (422, True)
    assert change(viewer)[0] == 303


def test_no_password_that_was_typed_is_sent_back(viewer: Browser) -> None:
    for status, text in (change(viewer, "a wrong guess"), change(viewer, again="a slip of mine")):
        assert status in (401, 422)
        assert not re.search("a wrong guess|a slip of mine|" + PASSWORD, text)


def test_a_token_is_shown_once_and_works(viewer: Browser, session: Session) -> None:
    status, text = make(viewer)
    token = secret(text)
    assert status == 200
    page = viewer.get("/account").text
    assert token not in page
    assert "nightly report" in page
    with viewer.client.session_transaction() as cookie:
        assert token not in str(dict(cookie))
    found = tokens.holder(session, token)
    assert found
    assert (found.user_name, found.role) == ("viewer", Role.VIEWER)
    assert noted(session) == [("viewer", "token.make")]
    assert token not in str(session.scalars(select(AuditEntry.details)).all())


@pytest.mark.parametrize("role", Role)
def test_a_scope_above_ones_role_is_neither_offered_nor_made(
    app: Flask, session: Session, role: Role
) -> None:
    browser = Browser(app.test_client())
    browser.sign_in(role)
    offered = set(re.findall(r'value="(read|operate|admin|never)"', browser.get("/account").text))
    may = {Role.VIEWER: {"read"}, Role.OPERATOR: {"read", "operate"}}
    assert offered == may.get(role, {"read", "operate", "admin", "never"})
    for scope in ("read", "operate", "admin"):
        assert make(browser, scope=scope)[0] == (200 if scope in offered else 422)
    assert make(browser, days="never")[0] == (200 if role is Role.ADMIN else 422)


@pytest.mark.parametrize(
    "fields",
    [{"name": ""}, {"name": " x"}, {"name": "\0"}, {"days": "31"}, {"days": ""}, {"scope": "king"}],
)
def test_what_makes_no_token_is_said_and_makes_none(
    viewer: Browser, session: Session, fields: dict[str, str]
) -> None:
    status, text = make(viewer, **fields)
    assert status == 422
    assert f'id="{next(iter(fields))}-errors"' in text
    assert session.scalars(select(ApiToken)).all() == []


def test_who_has_many_tokens_is_told_to_revoke_one(admin: Browser, session: Session) -> None:
    user_id = people.find(session, "admin").id
    session.add_all(
        ApiToken(name="x", token_hash=bytes([n]), scope="read", user_id=user_id) for n in range(50)
    )
    session.flush()
    status, text = make(admin)
    assert status == 422
    assert "revoke one that is not needed" in text
