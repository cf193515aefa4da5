import re

import pytest
from flask import Flask
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from orchestrator.ledger import people
from orchestrator.ledger.models import AuditEntry, Role, User
from tests.dashboard.conftest import Browser


def person(session: Session, name: str = "viewer") -> User:
    user = people.find(session, name)
    session.refresh(user)
    return user


def audited(session: Session) -> list[tuple[str, str, str]]:
    """What was done but for signing in."""
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    return [(one.who, one.action, one.subject) for one in entries if one.action != "sign_in"]


def secret(text: str) -> str:
    found = re.search(r'<code class="secret"[^>]*>([^<]+)</code>', text)
    assert found
    return found[1]


def test_the_list_says_who_may_what_and_when_they_came(admin: Browser) -> None:
    text = admin.get("/people").text
    for name in ("viewer", "operator", "admin"):
        assert f"<bdi>{name}</bdi>" in text
    assert text.count("Never") == 2
    assert "(you)" in text


def test_a_person_is_added_with_a_password_that_was_typed(
    admin: Browser, stranger: Browser, session: Session
) -> None:
    fields = {"name": "hanako", "role": "operator", "password": "one that was typed"}
    answer = admin.post("/people", fields)
    assert answer.status_code == 200
    assert "hanako may sign in now." in answer.text
    assert "one that was typed" not in answer.text
    assert person(session, "hanako").role is Role.OPERATOR
    assert stranger.sign_in("hanako", "one that was typed").status_code == 303
    assert audited(session) == [("admin", "user.add", "hanako")]


def test_a_password_that_was_made_is_shown_once(admin: Browser, stranger: Browser) -> None:
    answer = admin.post("/people", {"name": "hanako", "role": "viewer", "password": ""})
    made = secret(answer.text)
    assert made not in admin.get("/people").text
    with admin.client.session_transaction() as cookie:
        assert made not in str(dict(cookie))
    assert stranger.sign_in("hanako", made).status_code == 303


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "ADMIN"}, "There is a user ADMIN already."),
        ({"name": " x"}, "A user&#39;s name is one line"),
        ({"name": "x" * 101}, "A user&#39;s name is one line"),
        ({"name": "a\0"}, "A user&#39;s name is one line"),
        ({"password": "short"}, "A password has 10"),
        ({"password": "x" * 1_001}, "A password has 10"),
        ({"role": "king"}, "Not a valid choice."),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_adds_nobody(
    admin: Browser, session: Session, fields: dict[str, str], sentence: str
) -> None:
    answer = admin.post("/people", {"name": "hanako", "role": "viewer", "password": ""} | fields)
    assert answer.status_code == 422
    assert re.search(f'invalid-feedback" id="{next(iter(fields))}-errors">{sentence}', answer.text)
    assert people.count(session) == 3
    assert audited(session) == []


def test_a_role_is_changed_and_counts_at_once(
    admin: Browser, viewer: Browser, session: Session
) -> None:
    of = person(session).id
    assert viewer.post("/targets/run-all").status_code == 403
    answer = admin.post(f"/people/{of}/role", {"role": "operator"}, follow_redirects=True)
    assert "The role of viewer is changed" in answer.text
    assert viewer.post("/targets/run-all").status_code == 303
    assert ("admin", "user.role", "viewer") in audited(session)


def test_the_last_admin_is_neither_demoted_nor_removed(admin: Browser, session: Session) -> None:
    of = person(session, "admin").id
    for path, fields in ((f"/people/{of}/role", {"role": "viewer"}), (f"/people/{of}/remove", {})):
        answer = admin.post(path, fields)
        assert answer.status_code == 409
        assert "admin is the last admin" in answer.text
    assert person(session, "admin").role is Role.ADMIN
    assert audited(session) == []


def test_a_new_password_signs_the_person_out_everywhere(
    admin: Browser, viewer: Browser, stranger: Browser, session: Session
) -> None:
    answer = admin.post(f"/people/{person(session).id}/password", {"password": ""})
    made = secret(answer.text)
    assert viewer.get("/account").status_code == 302
    assert stranger.sign_in("viewer").status_code == 401
    assert stranger.sign_in("viewer", made).status_code == 303
    assert audited(session) == [("admin", "user.password", "viewer")]


def test_a_password_for_somebody_may_be_typed(
    admin: Browser, stranger: Browser, session: Session
) -> None:
    path = f"/people/{person(session).id}/password"
    assert "A password has 10" in admin.post(path, {"password": "short"}).text
    answer = admin.post(path, {"password": "typed by an admin"}, follow_redirects=True)
    assert "viewer has a new password" in answer.text
    assert stranger.sign_in("viewer", "typed by an admin").status_code == 303


def test_removing_asks_first_and_then_ends_every_session(
    admin: Browser, viewer: Browser, session: Session
) -> None:
    path = f"/people/{person(session).id}/remove"
    assert "Remove viewer?" in admin.get(path).text
    assert viewer.get("/account").status_code == 200
    answer = admin.post(path, follow_redirects=True)
    assert "viewer is removed." in answer.text
    assert viewer.get("/account").status_code == 302
    assert audited(session) == [("admin", "user.remove", "viewer")]


def test_whoever_removes_themselves_is_told_and_signed_out(
    admin: Browser, session: Session
) -> None:
    person(session).role = Role.ADMIN
    session.flush()
    path = f"/people/{person(session, 'admin').id}/remove"
    assert "This is your own account" in admin.get(path).text
    assert admin.post(path).status_code == 303
    assert admin.get("/people").status_code == 302


def test_somebody_who_is_gone_is_not_found(admin: Browser) -> None:
    for path in ("/people/4711", "/people/4711/remove", f"/people/{10**30}"):
        answer = admin.get(path)
        assert answer.status_code == 404
        assert "no such user any more" in answer.text
    for verb in ("role", "password", "remove"):
        assert admin.post(f"/people/4711/{verb}", {"role": "viewer"}).status_code == 404
        assert admin.post(f"/people/{10**30}/{verb}", {"role": "viewer"}).status_code == 404


def test_a_page_answered_to_a_press_can_be_read_in_the_other_language(
    app: Flask, admin: Browser, session: Session
) -> None:
    page = f"/people/{person(session).id}"
    here = {"Referer": f"http://localhost{page}"}
    answer = admin.post(f"{page}/password", {"password": "short"}, headers=here)
    assert f'name="next" value="{page}"' in answer.text


def test_hostile_names_are_only_text(admin: Browser, session: Session) -> None:
    session.execute(delete(User).where(User.name == "viewer"))
    hostile = "<img src=x onerror=alert(1)>\u202e"
    session.add(User(name=hostile, password_hash="x", role=Role.VIEWER))
    session.flush()
    user = session.scalars(select(User).where(User.name == hostile)).one()
    for path in ("/people", f"/people/{user.id}", f"/people/{user.id}/remove"):
        text = admin.get(path).text
        assert "&lt;img" in text
        assert "<img src=x" not in text
