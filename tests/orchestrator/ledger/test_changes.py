"""The feed of changes: all of them, in one order, whoever asks and however it is paged."""

import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from orchestrator.exceptions import FilterInvalid
from orchestrator.ledger import absences, changes, filters, jobs
from orchestrator.ledger.changes import Change
from orchestrator.ledger.filters import ChangeFilter, Move
from orchestrator.ledger.models import ChangeKind, JobStatus
from orchestrator.ledger.walks import Place
from tests.orchestrator.ledger import given, scraped

pytestmark = pytest.mark.usefixtures("database")

FOUND, CHANGED, GONE, BACK = ChangeKind


def crawl(target_id: int, *items: dict[str, Any]) -> uuid.UUID:
    """A job that finds these and nothing else, and is looked after to its end."""
    job_id = scraped.by_a_job(target_id, items)
    absences.settle(target_id)
    return job_id


def pen(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {"url": f"/{number}", "name": f"Pen {number}"} | fields


def all_of(which: ChangeFilter | None = None, *, size: int = 50) -> list[Change]:
    return list(_pages(which or ChangeFilter(), size))


def _pages(which: ChangeFilter, size: int) -> Iterator[Change]:
    after: Place | None = None
    while True:
        page = given.do(changes.page, which, after=after, size=size)
        yield from page.changes
        if (after := page.older) is None:
            return


def told(found: list[Change]) -> list[tuple[str, str]]:
    return [(change.kind.value, change.title) for change in found]


def differing(found: list[Change]) -> list[list[tuple[str, str | None, str | None]]]:
    return [
        [(each.name, each.before, each.after) for each in change.difference.fields]
        for change in found
        if change.difference
    ]


@pytest.fixture
def history(target_id: int) -> list[uuid.UUID]:
    """Four jobs: two pens are found, one changes and one goes, it comes back, both change."""
    return [
        crawl(target_id, pen(1, price=100), pen(2, price="20")),
        crawl(target_id, pen(1, price=90)),
        crawl(target_id, pen(1, price=90), pen(2, price="20", colour="red")),
        crawl(target_id, pen(1, price=99), pen(2, price="19.5")),
    ]


LIFE = [
    ("changed", "Pen 1"),
    ("changed", "Pen 2"),
    ("changed", "Pen 2"),
    ("back", "Pen 2"),
    ("changed", "Pen 1"),
    ("gone", "Pen 2"),
    ("found", "Pen 1"),
    ("found", "Pen 2"),
]


@pytest.mark.parametrize("size", [1, 3, 50])
def test_every_change_is_told_once_the_newest_job_first(
    history: list[uuid.UUID], size: int
) -> None:
    assert told(all_of(size=size)) == LIFE


def test_a_field_became_what_the_next_change_of_it_says(history: list[uuid.UUID]) -> None:
    assert differing(all_of()) == [
        [("price", "90", "99")],
        [("colour", "red", None), ("price", "20", "19.5")],
        [("colour", None, "red")],
        [("price", "100", "90")],
    ]


def test_whole_revisions_of_before_tell_the_same(history: list[uuid.UUID]) -> None:
    """As the version before kept them."""
    expected = differing(all_of())
    given.execute(
        "UPDATE item_revisions r SET added = NULL, data = CASE"
        """ WHEN data ? 'colour' THEN '{"url": "/2", "name": "Pen 2", "price": "20"}' || data"""
        """ WHEN data ->> 'price' IN ('90', '100') THEN '{"url": "/1", "name": "Pen 1"}' || data"""
        """ ELSE '{"url": "/2", "name": "Pen 2", "price": "20"}' END"""
    )
    assert differing(all_of()) == expected


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ({"kinds": (GONE, BACK)}, [LIFE[3], LIFE[5]]),
        ({"field": "price"}, [LIFE[0], LIFE[1], LIFE[4]]),
        ({"field": "price", "kinds": (GONE,)}, []),
        ({"field": "price", "before": "20.0"}, [LIFE[1]]),
        ({"field": "price", "after": "90"}, [LIFE[4]]),
        ({"field": "colour", "after": "red"}, [LIFE[2]]),
        ({"field": "price", "move": Move.FELL, "percent": Decimal("5")}, [LIFE[4]]),
        ({"field": "price", "move": Move.FELL, "percent": Decimal("2.4")}, [LIFE[1], LIFE[4]]),
        ({"field": "price", "move": Move.ROSE, "percent": Decimal("9.9")}, [LIFE[0]]),
        ({"field": "price", "move": Move.ROSE, "percent": Decimal(10)}, []),
        ({"text": "PEN 1"}, [LIFE[0], LIFE[4], LIFE[6]]),
        ({"text": "red"}, [LIFE[1]]),
        ({"text": "%"}, []),
        ({"tag": "nobody's"}, []),
        ({"tag": "shops"}, LIFE),
    ],
)
def test_a_filter_leaves_what_fits(
    history: list[uuid.UUID], which: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    given.execute("UPDATE scraping_targets SET tags = '{shops}'")
    asked = ChangeFilter(**which)
    assert told(all_of(asked, size=1)) == expected
    assert filters.from_json(filters.as_json(asked)) == asked


def test_a_target_and_a_job_have_their_parts(history: list[uuid.UUID], target_id: int) -> None:
    other = given.a_target("other")
    job_id = crawl(other, pen(3))
    assert told(all_of())[0] == ("found", "Pen 3")
    assert told(all_of(ChangeFilter(target_id=target_id))) == LIFE
    assert told(all_of(ChangeFilter(target_id=other))) == [("found", "Pen 3")]
    assert told(all_of(ChangeFilter(job_id=job_id))) == [("found", "Pen 3")]
    assert told(all_of(ChangeFilter(job_id=history[1]), size=1)) == LIFE[4:6]


def test_a_job_is_in_the_feed_when_it_is_known_what_it_did_not_see(target_id: int) -> None:
    scraped.by_a_job(target_id, [pen(1)])
    assert told(all_of()) == []
    absences.settle(target_id)
    assert told(all_of()) == [("found", "Pen 1")]


def test_what_a_cancelled_job_found_is_in_the_feed(target_id: int) -> None:
    running = scraped.by_a_job(target_id, [pen(1)], ended=False)
    assert told(all_of()) == []
    assert told(all_of(ChangeFilter(job_id=running))) == [("found", "Pen 1")]
    given.finish(running, given.HANDED_BACK)
    given.do(jobs.cancel, running)
    assert given.job(running).status is JobStatus.CANCELLED
    assert told(all_of()) == [("found", "Pen 1")]


def test_a_page_looks_at_so_many_and_says_how_far(target_id: int) -> None:
    crawl(target_id, *(pen(number, price=1) for number in range(30)))
    crawl(target_id, *(pen(number, price=2 + (number == 9)) for number in range(30)))
    which = ChangeFilter(field="price", after="3")
    page = given.do(changes.page, which, look=20)
    assert (told(list(page.changes)), page.looked_to) == ([], page.older)
    further = given.do(changes.page, which, after=page.older, look=20)
    assert told(list(further.changes)) == [("changed", "Pen 9")]


def test_jobs_whose_rows_are_gone_are_passed_over(target_id: int) -> None:
    crawl(target_id, pen(1))
    for price in range(9):
        crawl(target_id, pen(1, price=price))
    given.execute("DELETE FROM item_revisions")
    assert told(all_of(size=1)) == [("found", "Pen 1")]


def test_pages_go_on_through_many_jobs(target_id: int) -> None:
    """Half of which changed nothing of what is asked for."""
    given.execute(
        "WITH jobs AS (INSERT INTO scraping_jobs (target_id, status, trigger, definition)"
        " SELECT :target, 'completed', 'cli', '{}' FROM generate_series(1, 450) RETURNING id),"
        " sets AS (INSERT INTO change_sets (job_id, target_id, at, found, gone)"
        " SELECT id, :target, now() - make_interval(secs => (row_number() OVER () / 3)::int), 1,"
        " (row_number() OVER ()) % 2 FROM jobs RETURNING job_id)"
        " INSERT INTO scraped_items (target_id, key, data, content_hash, first_job_id)"
        " SELECT :target, job_id::text, '{}', '', job_id FROM sets",
        target=target_id,
    )
    order = "SELECT job_id FROM change_sets ORDER BY at DESC, job_id DESC"
    expected = [row.job_id for row in given.execute(order)]
    assert [each.job_id for each in all_of(size=100)] == expected
    assert all_of(ChangeFilter(kinds=(GONE,))) == []


@pytest.mark.parametrize(
    "wrong",
    [
        ChangeFilter(after="x"),
        ChangeFilter(move=Move.FELL),
        ChangeFilter(field="x", move=Move.FELL, percent=Decimal(-1)),
        ChangeFilter(target_id=1, tag="x"),
        ChangeFilter(text="x" * 201),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: ChangeFilter) -> None:
    with pytest.raises(FilterInvalid):
        filters.checked(wrong)


@pytest.mark.parametrize("text", ["five", "NaN", "inf", "1,5"])
def test_what_is_no_number_of_per_cent_is_refused(text: str) -> None:
    with pytest.raises(FilterInvalid):
        filters.percent(text)
    assert filters.percent(" 5.5 % ") == Decimal("5.5")
