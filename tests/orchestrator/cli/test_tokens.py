import json

import pytest

from orchestrator import database as storage
from orchestrator.ledger import tokens
from orchestrator.ledger.models import Role
from orchestrator.ledger.tokens import Holder
from tests.orchestrator.cli.conftest import Kumo
from tests.orchestrator.cli.refusals import sentence
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")


def holder(token: str) -> Holder | None:
    with storage.transaction() as session:
        return tokens.holder(session, token)


def listed(kumo: Kumo) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(kumo("token", "list", "--json").stdout)
    return found


def test_a_token_speaks_for_the_first_admin_and_may_operate(kumo: Kumo):
    for name, role in (("vera", Role.VIEWER), ("ada", Role.ADMIN), ("abe", Role.ADMIN)):
        given.a_person(name, role=role)
    made = json.loads(kumo("token", "add", "nightly", "--json").stdout)
    assert made["token"].startswith("kumo_")
    found = holder(made["token"])
    assert found
    assert (found.user_name, found.token_name, found.role) == ("ada", "nightly", Role.OPERATOR)


def test_a_token_is_alone_in_what_a_script_takes(kumo: Kumo):
    given.a_person("ada", role=Role.ADMIN)
    result = kumo("token", "add", "nightly", "--scope", "read", "--days", "0")
    found = holder(result.stdout.strip())
    assert found
    assert found.role is Role.VIEWER
    (told,) = listed(kumo)
    assert (told["user"], told["scope"], told["expires_at"]) == ("ada", "read", None)
    assert result.stdout.strip() not in kumo("token", "list").stdout


def test_no_token_may_do_more_than_its_person(kumo: Kumo):
    given.a_person("vera", role=Role.VIEWER)
    refused = kumo("token", "add", "nightly", "--user", "vera")
    assert "may not do more" in sentence(refused)
    assert "kumo user add" in sentence(kumo("token", "add", "nightly"))
    assert listed(kumo) == []


def test_a_revoked_token_counts_no_more(kumo: Kumo):
    given.a_person("ada", role=Role.ADMIN)
    token = json.loads(kumo("token", "add", "nightly", "--json").stdout)["token"]
    number = listed(kumo)[0]["id"]
    assert kumo("token", "revoke", str(number)).exit_code == 0
    assert holder(token) is None
    assert "no such token" in sentence(kumo("token", "revoke", str(number)))
