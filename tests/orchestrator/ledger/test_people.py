from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from orchestrator.exceptions import LastAdmin, SignInRefused, UserInvalid, UserNotFound
from orchestrator.ledger import audit, people, tokens
from orchestrator.ledger.models import Role, Scope
from tests.orchestrator.ledger import given
from tests.orchestrator.ledger.given import PASSWORD

pytestmark = pytest.mark.usefixtures("database")

HOSTILE = ["", "nobody", "ada\0", "\ud800", "' OR 1=1 --", "x" * 100_000, "ada ", "%"]


@pytest.fixture(autouse=True)
def _ada(database: str) -> None:
    given.a_person("ada", role=Role.ADMIN)


def user_id(name: str = "ada") -> int:
    return given.do(people.find, name).id


def role(name: str) -> Role:
    return given.do(people.find, name).role


def sign_in(name: str, password: str) -> str:
    return given.do(people.sign_in, name, password).name


def test_a_person_signs_in_with_name_and_password() -> None:
    assert sign_in("ada", PASSWORD) == "ada"
    assert given.count("users", "signed_in_at IS NOT NULL") == 1


@pytest.mark.parametrize("name", ["ada", "Ärger", "İbrahim", "蜘蛛", "Émile Zola"])
def test_the_case_of_a_name_does_not_matter(name: str) -> None:
    if name != "ada":
        given.do(people.add, name, PASSWORD, role=Role.VIEWER)
    assert sign_in(name, PASSWORD) == name
    assert sign_in("ADA", PASSWORD) == "ada"
    with pytest.raises(UserInvalid, match="already"):
        given.do(people.add, "Ada", PASSWORD, role=Role.VIEWER)


def refusal(name: str, password: str) -> str:
    with pytest.raises(SignInRefused) as raised:
        sign_in(name, password)
    return str(raised.value)


@pytest.mark.parametrize("name", HOSTILE, ids=lambda each: ascii(each)[:20])
def test_an_unknown_name_and_a_wrong_password_are_answered_alike(name: str) -> None:
    assert refusal(name, PASSWORD) == refusal("ada", "wrong")


@pytest.mark.parametrize("password", ["", "\0", "\ud800", PASSWORD + "\0", "x" * 1_000_000])
def test_a_hostile_password_is_refused(password: str) -> None:
    assert refusal("ada", password) == refusal("nobody", password)


@pytest.mark.parametrize("name", HOSTILE, ids=lambda each: ascii(each)[:20])
def test_an_unknown_person_is_not_found_in_one_sentence(name: str) -> None:
    with pytest.raises(UserNotFound) as raised:
        given.do(people.find, name)
    assert len(str(raised.value)) < 200
    str(raised.value).encode()


@pytest.mark.parametrize("name", ["", " ada", "a\nb", "a\0", "\ud800", "x" * 101])
def test_a_name_that_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UserInvalid, match="name"):
        given.do(people.add, name, PASSWORD, role=Role.VIEWER)


@pytest.mark.parametrize("password", ["", "short", "x" * 9, "x" * 1_001])
def test_a_password_that_is_no_password_is_refused(password: str) -> None:
    with pytest.raises(UserInvalid, match="password"):
        given.do(people.add, "bob", password, role=Role.VIEWER)
    with pytest.raises(UserInvalid, match="password"):
        given.do(people.change_password, user_id(), password)
    assert sign_in("ada", PASSWORD) == "ada"


def test_a_new_password_replaces_the_old_and_signs_out_every_session() -> None:
    before = given.do(people.find, "ada").session_epoch
    given.do(people.change_password, user_id("ADA"), "another one entirely")
    assert given.do(people.find, "ada").session_epoch == before + 1
    assert sign_in("ada", "another one entirely") == "ada"
    refusal("ada", PASSWORD)


def test_any_characters_may_be_a_password() -> None:
    odd = "\0\ud800 蜘蛛 \n\t😀 odd"
    given.do(people.change_password, user_id(), odd)
    assert sign_in("ada", odd) == "ada"


def test_no_password_is_stored_as_it_is() -> None:
    (row,) = given.execute("SELECT password_hash FROM users")
    assert row.password_hash.startswith("$argon2id$")
    assert PASSWORD not in row.password_hash


def test_everyone_is_counted_and_listed_by_name() -> None:
    given.do(people.add, "Aaron", PASSWORD, role=Role.OPERATOR)
    assert [user.name for user in given.do(people.everyone)] == ["Aaron", "ada"]
    assert given.do(people.count) == 2


def test_no_two_new_passwords_are_alike_and_each_is_acceptable() -> None:
    made = {people.new_password() for _ in range(100)}
    assert len(made) == 100
    given.do(people.change_password, user_id(), made.pop())


def test_ones_own_password_is_changed_by_whoever_knows_it() -> None:
    before = given.do(people.find, "ada").session_epoch
    with pytest.raises(SignInRefused):
        given.do(people.change_own_password, user_id(), "not the one", "another one entirely")
    assert sign_in("ada", PASSWORD) == "ada"
    given.do(people.change_own_password, user_id(), PASSWORD, "another one entirely")
    assert sign_in("ada", "another one entirely") == "ada"
    assert given.do(people.find, "ada").session_epoch == before + 1


def test_a_role_is_changed_and_an_account_removed() -> None:
    bob = given.do(people.add, "bob", PASSWORD, role=Role.VIEWER).id
    assert given.do(people.change_role, bob, Role.OPERATOR).role is Role.OPERATOR
    assert role("bob") is Role.OPERATOR
    assert given.do(people.remove, bob).name == "bob"
    for verb, more in ((people.remove, ()), (people.change_role, (Role.VIEWER,))):
        with pytest.raises(UserNotFound, match="any more"):
            given.do(verb, bob, *more)
    with pytest.raises(UserNotFound):
        given.do(people.one, 10**30)


def test_the_last_admin_can_be_neither_removed_nor_demoted() -> None:
    given.do(people.add, "bob", PASSWORD, role=Role.OPERATOR)
    for verb, more in ((people.remove, ()), (people.change_role, (Role.VIEWER,))):
        with pytest.raises(LastAdmin, match="ada is the last admin"):
            given.do(verb, user_id(), *more)
    assert given.do(people.change_role, user_id(), Role.ADMIN).role is Role.ADMIN
    given.do(people.change_role, user_id("bob"), Role.ADMIN)
    given.do(people.remove, user_id())
    with pytest.raises(LastAdmin):
        given.do(people.remove, user_id("bob"))


def change(verb: str, name: str) -> Callable[[Session], object]:
    about = user_id(name)
    if verb == "remove":
        return lambda session: people.remove(session, about)
    return lambda session: people.change_role(session, about, Role.VIEWER)


@pytest.mark.parametrize("first", ["remove", "demote"])
@pytest.mark.parametrize("second", ["remove", "demote"])
@pytest.mark.parametrize("names", [("ada", "bob"), ("bob", "ada")])
def test_two_who_take_the_role_from_each_other_at_once_leave_one_admin(
    first: str, second: str, names: tuple[str, str]
) -> None:
    given.do(people.add, "bob", PASSWORD, role=Role.ADMIN)
    verbs = [change(verb, name) for verb, name in zip((first, second), names, strict=True)]
    _, refused = given.overtaken(*verbs)
    assert isinstance(refused, LastAdmin)
    assert given.count("users", "role = 'admin'") == 1


def test_a_removed_person_takes_along_their_tokens_and_leaves_what_they_did() -> None:
    bob = given.do(people.add, "bob", PASSWORD, role=Role.VIEWER).id
    given.do(tokens.make, bob, "cron", Scope.READ, timedelta(days=30))
    given.do(audit.record, "bob", "target.run", "shop")
    given.do(people.remove, bob)
    assert given.count("api_tokens") == 0
    assert given.count("audit_log", "who = 'bob'") == 1
