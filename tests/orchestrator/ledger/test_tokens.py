import hashlib
from datetime import timedelta

import pytest

from orchestrator.exceptions import TokenInvalid, TokenNotFound, UserNotFound
from orchestrator.ledger import people, tokens
from orchestrator.ledger.models import Role, Scope
from orchestrator.ledger.tokens import Holder
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")

MONTH = timedelta(days=30)


def person(role: Role = Role.OPERATOR, name: str = "ada") -> int:
    return given.a_person(name, role=role)


def make(
    user_id: int, scope: Scope = Scope.READ, expires: timedelta | None = MONTH, name: str = "cron"
) -> str:
    return given.do(tokens.make, user_id, name, scope, expires)


def holder(token: str) -> Holder | None:
    return given.do(tokens.holder, token)


def test_a_token_speaks_for_the_person_who_made_it() -> None:
    ada, bob = person(), person(name="bob")
    of_ada, of_bob = make(ada, Scope.OPERATE), make(bob, name="other")
    found = holder(of_ada)
    assert found
    assert (found.user_id, found.user_name, found.token_name) == (ada, "ada", "cron")
    assert found.role is Role.OPERATOR
    other = holder(of_bob)
    assert other
    assert (other.user_name, other.role) == ("bob", Role.VIEWER)


def test_only_the_digest_of_a_token_is_stored() -> None:
    token = make(person())
    (row,) = given.execute("SELECT * FROM api_tokens")
    assert bytes(row.token_hash) == hashlib.sha256(token.encode()).digest()
    assert token not in str(row)


def test_no_two_tokens_are_alike_and_each_says_what_it_is() -> None:
    user_id = person()
    made = {make(user_id) for _ in range(20)}
    assert len(made) == 20
    assert all(token.startswith("kumo_") and len(token) == 48 for token in made)


@pytest.mark.parametrize("token", ["", "kumo_", "\0", "\ud800", "x" * 1_000_000, "' OR 1=1 --"])
def test_what_is_no_token_speaks_for_nobody(token: str) -> None:
    made = make(person())
    assert holder(token) is None
    assert holder(made + " ") is None
    assert holder(made[:-1]) is None


def test_an_expired_token_speaks_for_nobody() -> None:
    token = make(person())
    given.execute("UPDATE api_tokens SET expires_at = now() + interval '1 minute'")
    assert holder(token)
    given.execute("UPDATE api_tokens SET expires_at = now()")
    assert holder(token) is None


def test_the_token_of_a_removed_person_speaks_for_nobody() -> None:
    user_id = person()
    token = make(user_id)
    given.do(people.remove, user_id)
    assert holder(token) is None


def test_a_token_may_never_do_more_than_its_person_may_today() -> None:
    admin = person(Role.ADMIN)
    person(Role.ADMIN, "bob")
    token = make(admin, Scope.ADMIN)
    for role in (Role.ADMIN, Role.OPERATOR, Role.VIEWER):
        given.do(people.change_role, admin, role)
        found = holder(token)
        assert found
        assert found.role is role


def test_its_use_is_noted_once_a_minute() -> None:
    token = make(person())

    def noted(ago: str) -> bool:
        given.execute("UPDATE api_tokens SET used_at = now() - CAST(:ago AS interval)", ago=ago)
        before = given.execute("SELECT used_at FROM api_tokens")
        assert holder(token)
        return bool(given.execute("SELECT used_at FROM api_tokens") != before)

    assert holder(token)
    assert given.count("api_tokens", "used_at IS NOT NULL") == 1
    assert not noted("30 seconds")
    assert noted("61 seconds")


def test_the_use_of_an_expired_token_is_not_noted() -> None:
    token = make(person())
    given.execute("UPDATE api_tokens SET expires_at = now()")
    holder(token)
    assert given.count("api_tokens", "used_at IS NULL") == 1


@pytest.mark.parametrize("role", Role)
def test_a_scope_is_never_above_ones_own_role(role: Role) -> None:
    user_id = person(role)
    may = {Role.VIEWER: 1, Role.OPERATOR: 2, Role.ADMIN: 3}[role]
    assert tokens.may_have(role) == list(Scope)[:may]
    for scope in list(Scope)[:may]:
        make(user_id, scope)
    for scope in list(Scope)[may:]:
        with pytest.raises(TokenInvalid, match="more than you may"):
            make(user_id, scope)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_only_an_admins_token_lasts_for_ever(role: Role) -> None:
    with pytest.raises(TokenInvalid, match="for ever"):
        make(person(role), expires=None)
    assert holder(make(person(Role.ADMIN, "bob"), expires=None))


@pytest.mark.parametrize("days", [-1, 0, 366, 10_000])
def test_a_life_is_a_day_to_a_year(days: int) -> None:
    with pytest.raises(TokenInvalid, match="365 days"):
        make(person(Role.ADMIN), expires=timedelta(days=days))


@pytest.mark.parametrize("name", ["", " x", "a\nb", "a\0", "\ud800", "x" * 101])
def test_a_name_that_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(TokenInvalid, match="name") as raised:
        make(person(), name=name)
    assert raised.value.field == "name"


def test_nobody_hoards_tokens() -> None:
    user_id = person()
    for _ in range(50):
        make(user_id)
    with pytest.raises(TokenInvalid, match="revoke one"):
        make(user_id)
    assert len(given.do(tokens.of_person, user_id)) == 50


def test_nobody_makes_a_token_for_somebody_who_is_gone() -> None:
    with pytest.raises(UserNotFound):
        make(4711)


def test_a_revoked_token_speaks_for_nobody() -> None:
    user_id = person()
    token, other = make(user_id), make(user_id, name="other")
    (_, first) = given.do(tokens.of_person, user_id)
    assert given.do(tokens.revoke, first.id) == "cron"
    assert holder(token) is None
    assert holder(other)
    with pytest.raises(TokenNotFound):
        given.do(tokens.revoke, first.id)


def test_a_person_revokes_only_their_own() -> None:
    ada, bob = person(), person(name="bob")
    make(ada)
    (of_ada,) = given.do(tokens.of_person, ada)
    with pytest.raises(TokenNotFound):
        given.do(tokens.revoke, of_ada.id, of=bob)
    given.do(tokens.revoke, of_ada.id, of=ada)
    assert given.count("api_tokens") == 0


def test_everyones_tokens_are_paged_newest_first() -> None:
    ada, bob = person(), person(name="bob")
    for number in range(3):
        make(ada if number % 2 else bob, name=str(number))
    rows = given.do(tokens.everyones, size=2)
    assert [(token.name, who) for token, who in rows] == [("2", "bob"), ("1", "ada"), ("0", "bob")]
    older = given.do(tokens.everyones, size=2, older_than=rows[1][0].id)
    assert [token.name for token, _ in older] == ["0"]
