import pytest

from orchestrator.exceptions import SignInRefused, UserInvalid, UserNotFound
from orchestrator.ledger import people
from orchestrator.ledger.models import Role
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")

PASSWORD = "correct horse battery"
HOSTILE = ["", "nobody", "ada\0", "\ud800", "' OR 1=1 --", "x" * 100_000, "ada ", "%"]


@pytest.fixture(autouse=True)
def _ada(database: str) -> None:
    given.do(people.add, "ada", PASSWORD, role=Role.ADMIN)


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
        given.do(people.change_password, "ada", password)
    assert sign_in("ada", PASSWORD) == "ada"


def test_a_new_password_replaces_the_old_and_signs_out_every_session() -> None:
    before = given.do(people.find, "ada").session_epoch
    given.do(people.change_password, "ADA", "another one entirely")
    assert given.do(people.find, "ada").session_epoch == before + 1
    assert sign_in("ada", "another one entirely") == "ada"
    refusal("ada", PASSWORD)


def test_any_characters_may_be_a_password() -> None:
    odd = "\0\ud800 蜘蛛 \n\t😀 odd"
    given.do(people.change_password, "ada", odd)
    assert sign_in("ada", odd) == "ada"


def test_no_password_is_stored_as_it_is() -> None:
    (row,) = given.execute("SELECT password_hash FROM users")
    assert row.password_hash.startswith("$argon2id$")
    assert PASSWORD not in row.password_hash


def test_everyone_is_counted_and_listed_by_name() -> None:
    given.do(people.add, "Aaron", PASSWORD, role=Role.OPERATOR)
    assert [user.name for user in given.do(people.everyone)] == ["Aaron", "ada"]
    assert given.do(people.count) == 2


def test_what_a_person_did_is_written_down_with_what_they_did() -> None:
    def rolled_back() -> None:
        with pytest.raises(UserNotFound):
            given.do(lambda s: (people.record(s, "ada", "passwd", "bob"), people.find(s, "bob")))

    rolled_back()
    given.do(people.record, "ada", "run", "shop", job="1")
    assert given.execute("SELECT who, action, subject, details FROM audit_log") == [
        ("ada", "run", "shop", {"job": "1"})
    ]


def test_no_two_new_passwords_are_alike_and_each_is_acceptable() -> None:
    made = {people.new_password() for _ in range(100)}
    assert len(made) == 100
    given.do(people.change_password, "ada", made.pop())
