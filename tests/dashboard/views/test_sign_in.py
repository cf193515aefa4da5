import pytest
from flask import Flask
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from orchestrator.ledger import people
from orchestrator.ledger.models import AuditEntry, Role, User
from tests.dashboard.conftest import PASSWORD, Browser


def test_the_right_password_leads_to_where_the_person_wanted_to_go(stranger: Browser) -> None:
    wanted = stranger.get("/jobs?status=failed").location
    assert wanted == "/sign-in?next=/jobs?status%3Dfailed"
    stranger.get(wanted)
    answer = stranger.post(wanted, {"name": "viewer", "password": PASSWORD})
    assert answer.location == "/jobs?status=failed"


def test_after_a_press_it_leads_to_the_page_that_was_pressed_on(stranger: Browser) -> None:
    pressed_on = {"Referer": "http://localhost/jobs?status=failed"}
    answer = stranger.post("/targets/run-all", headers=pressed_on)
    assert answer.location == "/sign-in?next=/jobs?status%3Dfailed"
    elsewhere = {"Referer": "http://evil.example//evil.example/x"}
    assert stranger.post("/targets/run-all", headers=elsewhere).location == "/sign-in?next=/"


def test_a_failure_is_logged_with_its_name_cut_and_fills_no_table(
    stranger: Browser, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("admin", "x" * 90, "a\nb\x1b[31m\u202e"):
        stranger.sign_in(name, "a secret guess")
    assert [record.getMessage() for record in caplog.records] == [
        f"Somebody at 127.0.0.1 failed to sign in as {shown}"
        for shown in ("'admin'", repr("x" * 50), r"'a\nb\x1b[31m\u202e'")
    ]
    assert session.scalars(select(AuditEntry)).all() == []


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_needs_no_script_in_either_language(stranger: Browser, language: str) -> None:
    wanted = stranger.get("/jobs?status=failed").location
    stranger.get(wanted)
    switched = stranger.post(f"/language/{language}", {"next": wanted})
    assert switched.location == wanted
    page = stranger.get(wanted).text
    assert f'<html lang="{language}"' in page
    refused = stranger.post(wanted, {"name": "viewer", "password": "wrong"})
    assert refused.status_code == 401
    answer = stranger.post(wanted, {"name": "viewer", "password": PASSWORD})
    assert answer.location == "/jobs?status=failed"


def test_sign_in_never_leads_to_another_website(stranger: Browser) -> None:
    address = "/sign-in?next=//evil.example"
    stranger.get(address)
    answer = stranger.post(address, {"name": "viewer", "password": PASSWORD})
    assert answer.location == "/"


def test_an_unknown_name_is_answered_like_a_wrong_password(stranger: Browser) -> None:
    unknown = stranger.sign_in("nobody", "a wrong password")
    wrong = stranger.sign_in("viewer", "a wrong password")
    assert unknown.status_code == wrong.status_code == 401
    token = stranger.token
    assert unknown.text.replace("nobody", "viewer").count("do not belong together") == 1
    assert len(unknown.text) == len(wrong.text), token


def test_nothing_that_is_typed_breaks_the_form(stranger: Browser) -> None:
    long = "a" * 5_000
    for name, password in (("", ""), ("\0", "\0"), (long, long), ("' OR 1=1 --", "x")):
        assert stranger.sign_in(name, password).status_code == 401


def test_a_name_counts_whatever_its_case(stranger: Browser) -> None:
    assert stranger.sign_in("VIEWER").status_code == 303


def test_signing_in_begins_a_new_session(app: Flask, stranger: Browser) -> None:
    stranger.get("/sign-in")
    with stranger.client.session_transaction() as cookie:
        cookie["planted"] = "by a stranger"
        before = cookie["csrf_token"]
    stranger.post("/sign-in", {"name": "viewer", "password": PASSWORD})
    stranger.get("/targets")
    with stranger.client.session_transaction() as cookie:
        assert "planted" not in cookie
        assert cookie["csrf_token"] != before


def test_signing_out_ends_it(viewer: Browser) -> None:
    assert viewer.post("/sign-out").location == "/sign-in"
    assert viewer.get("/targets").status_code == 302


def test_a_new_password_signs_out_every_session(viewer: Browser, session: Session) -> None:
    people.change_password(session, people.find(session, "viewer").id, "another long password")
    session.flush()
    assert viewer.get("/targets").status_code == 302


def test_a_changed_role_counts_at_once(viewer: Browser, session: Session) -> None:
    people.find(session, "viewer").role = Role.OPERATOR
    session.flush()
    assert viewer.post("/targets/run-all").status_code == 303


def test_a_deleted_account_is_signed_out(viewer: Browser, session: Session) -> None:
    session.execute(delete(User).where(User.name == "viewer"))
    assert viewer.get("/targets").status_code == 302


def test_without_any_account_the_page_says_how_to_make_one(
    stranger: Browser, session: Session
) -> None:
    assert "kumo user add" not in stranger.get("/sign-in").text
    session.execute(delete(User))
    assert "kumo user add" in stranger.get("/sign-in").text


def test_whoever_is_signed_in_needs_no_form(viewer: Browser) -> None:
    assert viewer.get("/sign-in").location == "/"


def test_signing_in_is_written_down(viewer: Browser, session: Session) -> None:
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.who, entry.action) == ("viewer", "sign_in")
