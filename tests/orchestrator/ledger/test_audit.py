import uuid

import pytest

from orchestrator.exceptions import UserNotFound
from orchestrator.ledger import audit, people, targets
from orchestrator.ledger.audit import Living, Page, Which
from orchestrator.ledger.models import JobStatus
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")


def record(
    who: str = "ada", action: str = "target.run", subject: str = "shop", **more: object
) -> None:
    given.do(audit.record, who, action, subject, **more)


def page(who: str | None = None, action: str | None = None, **place: int) -> Page:
    return given.do(audit.page, Which(who, action), size=2, **place)


def subjects(page: Page) -> list[str]:
    return [entry.subject for entry in page.entries]


def test_what_a_person_did_is_written_down_with_what_they_did() -> None:
    def rolled_back() -> None:
        with pytest.raises(UserNotFound):
            given.do(lambda s: (audit.record(s, "ada", "passwd", "bob"), people.find(s, "bob")))

    rolled_back()
    record(job="1")
    assert given.execute("SELECT who, action, subject, details FROM audit_log") == [
        ("ada", "target.run", "shop", {"job": "1"})
    ]


def test_the_list_is_paged_by_key_both_ways() -> None:
    for number in range(5):
        record(subject=str(number))
    newest = page()
    assert (subjects(newest), newest.newer) == (["4", "3"], None)
    assert newest.older is not None
    middle = page(older_than=newest.older)
    assert subjects(middle) == ["2", "1"]
    assert middle.older is not None
    assert middle.newer is not None
    last = page(older_than=middle.older)
    assert (subjects(last), last.older) == (["0"], None)
    again = page(newer_than=middle.newer)
    assert (subjects(again), again.newer) == (["4", "3"], None)


def test_the_list_is_filtered_by_person_and_by_action() -> None:
    record("ada", "target.run", "1")
    record("bob", "target.run", "2")
    record("bob", "job.cancel", "3")
    assert subjects(page("bob")) == ["3", "2"]
    assert subjects(page(action="target.run")) == ["2", "1"]
    assert subjects(page("bob", "target.run")) == ["2"]
    assert subjects(page("eve")) == []


def test_everybody_who_did_something_is_named_once() -> None:
    assert given.do(audit.names) == []
    for who in ("bob", "ada", "bob", "", "ada"):
        record(who)
    assert given.do(audit.names) == ["", "ada", "bob"]


def test_long_texts_are_cut_before_they_leave_the_database() -> None:
    record("a" * 10_000, subject="x" * 10_000, note="y" * 1_000_000)
    (entry,) = page().entries
    assert [len(text) for text in (entry.who, entry.subject, entry.details)] == [300, 300, 1_000]


def living() -> Living:
    return given.do(lambda session: audit.living(session, audit.page(session, Which()).entries))


def test_what_an_entry_is_about_is_found_while_it_lives() -> None:
    shop, gone = given.a_target("shop"), given.a_target("gone")
    job = given.brought_to(JobStatus.COMPLETED, shop)
    record(subject=str(shop), job_id=str(job))
    record(subject="shop")
    record(subject=str(gone))
    record(subject="gone")
    record(action="job.cancel", subject=str(uuid.uuid4()))
    record(action="job.cancel", subject="no such thing " + "9" * 50)
    given.do(lambda session: targets.delete(session, targets.find(session, gone)))
    found = living()
    assert found.jobs == {str(job): "shop"}
    assert set(found.targets) == {str(shop), "shop", str(gone)}
    assert found.targets["shop"].id == shop
    assert found.targets[str(gone)].deleted_at
    started = given.do(audit.page, Which(action="target.run")).entries[-1]
    assert started.job_id == str(job)


def test_an_empty_list_is_about_nothing() -> None:
    assert living() == Living({}, {})
