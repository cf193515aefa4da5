import json
import socket

import pytest

from orchestrator import database as storage
from orchestrator.exceptions import SignInRefused
from orchestrator.ledger import audit, people
from orchestrator.ledger.audit import Which
from tests.orchestrator.cli.conftest import Kumo
from tests.orchestrator.cli.refusals import sentence

pytestmark = pytest.mark.usefixtures("database")

PASSWORD = "a long enough one"


def roles(kumo: Kumo) -> dict[str, str]:
    everyone = json.loads(kumo("user", "list", "--json").stdout)
    return {one["name"]: one["role"] for one in everyone}


def may_sign_in(name: str, password: str) -> bool:
    try:
        with storage.transaction() as session:
            people.sign_in(session, name, password)
    except SignInRefused:
        return False
    return True


def test_the_first_account_is_an_admin_and_the_next_a_viewer(kumo: Kumo):
    for name in ("ada", "bob"):
        assert kumo("user", "add", name, "--password-stdin", typed=PASSWORD).exit_code == 0
    assert roles(kumo) == {"ada": "admin", "bob": "viewer"}
    assert may_sign_in("ada", PASSWORD)


def test_a_role_that_is_named_is_given(kumo: Kumo):
    kumo("user", "add", "ada", "--role", "operator", "--password-stdin", typed=PASSWORD + "\n")
    assert roles(kumo) == {"ada": "operator"}


def test_a_password_is_asked_for_twice_and_never_shown(kumo: Kumo):
    result = kumo("user", "add", "ada", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0
    assert PASSWORD not in result.output
    assert may_sign_in("ada", PASSWORD)


def test_a_short_password_makes_no_account(kumo: Kumo):
    refused = kumo("user", "add", "ada", "--password-stdin", typed="short\n")
    assert "A password has 10" in sentence(refused)
    assert roles(kumo) == {}


@pytest.mark.parametrize("name", ["", " ada", "a\nb", "x" * 101])
def test_a_name_that_is_no_name_makes_no_account(kumo: Kumo, name: str):
    refused = kumo("user", "add", name, "--password-stdin", typed=PASSWORD)
    assert "A user's name is one line" in sentence(refused)
    assert roles(kumo) == {}


def test_a_name_in_use_is_refused_whatever_its_case(kumo: Kumo):
    kumo("user", "add", "ada", "--password-stdin", typed=PASSWORD)
    refused = kumo("user", "add", "Ada", "--password-stdin", typed="another long one")
    assert "There is a user Ada already" in sentence(refused)
    assert may_sign_in("ada", PASSWORD)


def test_a_password_is_changed(kumo: Kumo):
    kumo("user", "add", "ada", "--password-stdin", typed=PASSWORD)
    assert kumo("user", "passwd", "ada", "--password-stdin", typed="the next one").exit_code == 0
    assert may_sign_in("ada", "the next one")
    assert not may_sign_in("ada", PASSWORD)


def test_an_unknown_user_is_told_before_a_password_is_asked_for(kumo: Kumo):
    assert "There is no user 'eve'" in sentence(kumo("user", "passwd", "eve"))


def test_an_unknown_role_is_a_usage_error(kumo: Kumo):
    assert kumo("user", "add", "ada", "--role", "king").exit_code == 2


def audited() -> list[tuple[str, str]]:
    with storage.transaction() as session:
        entries = audit.page(session, Which()).entries
        assert {entry.who for entry in entries} == {f"kumo user on {socket.gethostname()}"}
        return [(entry.action, entry.subject) for entry in reversed(entries)]


def test_a_role_is_changed_and_an_account_removed(kumo: Kumo):
    for name in ("ada", "bob"):
        kumo("user", "add", name, "--password-stdin", typed=PASSWORD)
    assert kumo("user", "role", "bob", "operator").exit_code == 0
    assert roles(kumo) == {"ada": "admin", "bob": "operator"}
    kumo("user", "remove", "bob", typed="n\n")
    assert "bob" in roles(kumo)
    assert kumo("user", "remove", "bob", "--yes").exit_code == 0
    assert roles(kumo) == {"ada": "admin"}


def test_the_last_admin_stays(kumo: Kumo):
    kumo("user", "add", "ada", "--password-stdin", typed=PASSWORD)
    assert "ada is the last admin" in sentence(kumo("user", "role", "ada", "viewer"))
    assert "ada is the last admin" in sentence(kumo("user", "remove", "ada", "--yes"))


def test_each_change_is_written_down(kumo: Kumo):
    for name in ("ada", "bob"):
        kumo("user", "add", name, "--password-stdin", typed=PASSWORD)
    kumo("user", "passwd", "bob", "--password-stdin", typed="the next one")
    kumo("user", "role", "bob", "operator")
    kumo("user", "remove", "bob", "--yes")
    kumo("user", "remove", "ada", "--yes")
    assert audited() == [
        ("user.add", "ada"),
        ("user.add", "bob"),
        ("user.password", "bob"),
        ("user.role", "bob"),
        ("user.remove", "bob"),
    ]
