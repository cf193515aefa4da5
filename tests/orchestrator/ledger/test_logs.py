import uuid

import pytest

from orchestrator.ledger import logs
from orchestrator.ledger.logs import LogFilter, LogPage, Place
from tests.orchestrator.ledger import given

ALL = LogFilter()


@pytest.fixture
def job_id(target_id: int) -> uuid.UUID:
    """A job whose two attempts wrote twelve lines each, of three levels in turn."""
    job_id = given.a_job(target_id)
    given.execute(
        "INSERT INTO job_log_lines"
        " SELECT :id, a, s, 10 * (1 + s % 3), now(), 'l', a || '.' || s"
        " FROM generate_series(1, 2) a, generate_series(1, 12) s",
        id=job_id,
    )
    return job_id


def said(job_id: uuid.UUID, *messages: str) -> None:
    for seq, message in enumerate(messages):
        given.execute(
            "INSERT INTO job_log_lines VALUES (:id, 9, :seq, 20, now(), 'l', :message)",
            id=job_id,
            seq=seq,
            message=message,
        )


def page(
    job_id: uuid.UUID, which: LogFilter = ALL, *, before: Place | None = None, most: int = 200
) -> LogPage:
    return given.do(logs.page, job_id, which, older_than=before, most=most)


def messages(shown: LogPage) -> list[str]:
    return [line.message for line in shown.lines]


def test_a_log_shows_its_last_lines_in_order_across_attempts(job_id: uuid.UUID) -> None:
    assert messages(page(job_id, most=3)) == ["2.10", "2.11", "2.12"]
    assert messages(page(job_id, most=14))[:3] == ["1.11", "1.12", "2.1"]
    assert [line.message for line in given.do(logs.last, job_id, most=2)] == ["2.11", "2.12"]


def test_a_log_is_walked_to_its_beginning_without_gap_or_overlap(job_id: uuid.UUID) -> None:
    shown = page(job_id, most=7)
    walked = messages(shown)
    while shown.older:
        shown = page(job_id, before=shown.older, most=7)
        walked = messages(shown) + walked
    assert walked == [f"{attempt}.{seq}" for attempt in (1, 2) for seq in range(1, 13)]


def test_levels_and_text_narrow_a_log(job_id: uuid.UUID) -> None:
    said(job_id, "Price: 100 % OFF", "price_a", "Preis", "a\\b")
    assert messages(page(job_id, LogFilter(30), most=3)) == ["2.5", "2.8", "2.11"]
    assert messages(page(job_id, LogFilter(text="PRICE"))) == ["Price: 100 % OFF", "price_a"]
    assert messages(page(job_id, LogFilter(text="% o"))) == ["Price: 100 % OFF"]
    assert messages(page(job_id, LogFilter(text="e_a"))) == ["price_a"]
    assert messages(page(job_id, LogFilter(text="\\"))) == ["a\\b"]
    assert messages(page(job_id, LogFilter(30, "price"))) == []


def test_long_messages_are_cut_and_say_so(job_id: uuid.UUID) -> None:
    said(job_id, "x" * 2_000, "y" * 10_000)
    last, longer = page(job_id).lines[-2:]
    assert (len(last.message), last.cut) == (2_000, False)
    assert (len(longer.message), longer.cut) == (2_000, True)


def test_a_page_of_long_messages_stays_small(job_id: uuid.UUID) -> None:
    said(job_id, *["\u86db" * 10_000] * 200)
    shown = page(job_id)
    assert len(shown.lines) == 200
    assert sum(map(len, messages(shown))) <= 40_000
    assert all(line.cut for line in shown.lines)


def test_chunks_are_the_whole_log_in_order(
    job_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "_CHUNK", 5)
    said(job_id, "z" * 10_000)
    read: list[str] = []
    place = (0, -1)
    while lines := given.do(logs.chunk, job_id, ALL, after=place):
        read += [line.message for line in lines]
        place = (lines[-1].attempt, lines[-1].seq)
    assert len(read) == 25
    assert read[:2] == ["1.1", "1.2"]
    assert read[-1] == "z" * 10_000
