import pytest
from sqlalchemy import bindparam, select

from orchestrator import database
from orchestrator.ledger import columns
from orchestrator.ledger.models import Role, User
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")

QUERY = select(User.name, User.role).where(User.role == bindparam("role"))


def test_columns_are_what_a_session_makes_of_them() -> None:
    given.a_person("ada", role=Role.ADMIN)
    given.a_person("bo", role=Role.VIEWER)
    with database.reading() as session:
        read = columns.read(session, QUERY, {"role": Role.ADMIN}).all()
        assert read == session.execute(QUERY, {"role": Role.ADMIN}).all()
    assert read == [("ada", Role.ADMIN)]
    assert read[0].role is Role.ADMIN


def test_they_are_read_in_the_transaction_of_the_session() -> None:
    with database.transaction() as session:
        session.add(User(name="ada", password_hash="-", role=Role.ADMIN))
        session.flush()
        assert columns.read(session, QUERY, {"role": Role.ADMIN}).all() == [("ada", Role.ADMIN)]
        session.rollback()
    assert given.count("users", "true") == 0
