"""What people see of targets: lists in an order, pages by key, and what a target has brought."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from orchestrator.ledger import jobs, overviews, targets
from orchestrator.ledger.models import JobStatus
from orchestrator.ledger.overviews import Sort, TargetFilter
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")


def ended_job(target_id: int, minutes_ago: int, items: int = 0, status: str = "completed") -> UUID:
    (row,) = given.execute(
        "INSERT INTO scraping_jobs (target_id, status, trigger, definition, queued_at, started_at,"
        " completed_at, items_scraped, pages, errors)"
        " SELECT :target, :status, 'cli', '{}', at, at, at + interval '90 s', :items, 7, 1"
        " FROM (SELECT now() - make_interval(mins => :ago) AS at) AS moment RETURNING id",
        target=target_id,
        status=status,
        items=items,
        ago=minutes_ago,
    )
    return UUID(str(row[0]))


def delete(target_id: int) -> None:
    given.do(lambda s: targets.delete(s, targets.find(s, target_id)))


def names(which: TargetFilter | None = None, sort: Sort = Sort.NAME, **place: Any) -> list[str]:
    page = given.do(overviews.page, which or TargetFilter(), sort, **place)
    return [row.target.name for row in page.rows]


def walked(sort: Sort, size: int) -> tuple[list[str], list[str]]:
    """All names as whoever presses "next" to the end sees them, and then "previous" back."""
    forth: list[str] = []
    after = None
    while True:
        page = given.do(overviews.page, TargetFilter(), sort, after=after, size=size)
        forth += [row.target.name for row in page.rows]
        if page.after is None:
            break
        after = page.after
    back = [row.target.name for row in page.rows]
    while page.before is not None:
        page = given.do(overviews.page, TargetFilter(), sort, before=page.before, size=size)
        back = [row.target.name for row in page.rows] + back
    return forth, back


def test_each_living_target_is_listed_with_its_newest_job(target_id: int) -> None:
    given.do(jobs.cancel, given.a_job(target_id))
    newest = given.a_job(target_id)
    given.a_target("apple")
    delete(given.a_target("gone"))
    rows = given.do(overviews.with_last_job)
    assert [(row[0].name, row[1].id if row[1] else None) for row in rows] == [
        ("apple", None),
        ("shop", newest),
    ]


def test_a_skipped_job_does_not_hide_the_one_it_gave_way_to(target_id: int) -> None:
    active = given.a_job(target_id)
    ended_job(target_id, minutes_ago=-1, status="skipped")
    assert given.do(overviews.with_last_job)[0][1].id == active
    given.do(jobs.cancel, active)
    assert given.do(overviews.with_last_job)[0][1].id == active


@pytest.fixture
def many() -> Sequence[str]:
    """Twelve targets; some never ran, some are disabled, some found the same."""
    for number in range(12):
        target_id = given.a_target(
            f"t{number:02}", active=number % 4 > 0, schedule=f"{number} {23 - number} * * *"
        )
        if number % 3:
            ended_job(target_id, minutes_ago=10 * (number % 5), items=number % 2)
    return [f"t{number:02}" for number in range(12)]


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("size", [1, 5, 12, 50])
def test_pages_by_key_show_each_target_once_in_one_order(
    many: Sequence[str], sort: Sort, size: int
) -> None:
    whole = names(sort=sort)
    assert sorted(whole) == many
    assert walked(sort, size) == (whole, whole)


def test_what_ran_last_comes_first_and_what_never_ran_last(target_id: int) -> None:
    for name, ago in (("a", 60), ("b", 5), ("c", 30)):
        ended_job(given.a_target(name), minutes_ago=ago)
    assert names(sort=Sort.LAST_JOB) == ["b", "c", "a", "shop"]


def test_the_soonest_comes_first_and_what_is_disabled_last() -> None:
    for name, hour in (("a", 3), ("b", 1), ("c", 2)):
        id_ = given.a_target(name, active=name != "b")
        given.execute(
            "UPDATE scraping_targets SET next_run_at = now() + make_interval(hours => :h)"
            " WHERE id = :id", h=hour, id=id_,
        )  # fmt: skip
    assert names(sort=Sort.NEXT_RUN) == ["c", "a", "b"]


def test_what_found_most_comes_first() -> None:
    for name, items in (("a", 3), ("b", 30), ("c", 0)):
        ended_job(given.a_target(name), 5, items)
    given.a_target("never")
    assert names(sort=Sort.ITEMS) == ["b", "a", "c", "never"]


def test_a_page_after_a_target_that_is_gone_is_the_first(target_id: int) -> None:
    gone = given.a_target("zoo")
    given.execute("DELETE FROM scraping_targets WHERE id = :id", id=gone)
    assert names(after=gone) == ["shop"]
    assert names(before=gone) == ["shop"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SHO", ["shop"]),
        ("books_to", ["library"]),
        ("example.jp/商品", ["tokyo"]),
        ("_", ["library"]),
        ("%", []),
        ("\\", []),
        ("", ["library", "shop", "tokyo"]),
    ],
)
def test_text_is_looked_for_in_name_spider_and_start_urls(
    target_id: int, text: str, found: list[str]
) -> None:
    given.a_target("library", spider="books_toscrape")
    urls = ["https://a.example/", "https://example.jp/商品"]
    given.a_target("tokyo", spider="prices", start_urls=urls)
    assert names(TargetFilter(text)) == found


def test_filters_hold_together(target_id: int) -> None:
    one = given.a_target("one", tags=["shops", "日本"])
    two = given.a_target("two", tags=["shops"], active=False)
    ended_job(one, 5, status="failed")
    ended_job(two, 5, status="failed")
    given.a_job(target_id)
    assert names(TargetFilter(tag="shops")) == ["one", "two"]
    assert names(TargetFilter(tag="shop")) == []
    assert names(TargetFilter(active=False)) == ["two"]
    assert names(TargetFilter(outcome=JobStatus.FAILED)) == ["one", "two"]
    assert names(TargetFilter(outcome=JobStatus.FAILED, active=True)) == ["one"]
    assert names(TargetFilter(outcome=JobStatus.PENDING)) == ["shop"]
    given.a_target("new")
    assert names(TargetFilter(never_run=True)) == ["new"]


def test_the_tags_in_use_are_those_of_living_targets() -> None:
    given.a_target("one", tags=["b", "a"])
    given.a_target("two", tags=["b"])
    delete(given.a_target("gone", tags=["c"]))
    assert given.do(overviews.tags) == ["a", "b"]


def test_the_items_of_the_last_thirty_ended_jobs_come_oldest_first(target_id: int) -> None:
    for ago in range(40):
        ended_job(target_id, minutes_ago=ago, items=ago)
    ended_job(target_id, minutes_ago=0, items=999, status="skipped")
    given.a_job(target_id)
    (row,) = given.do(overviews.page, TargetFilter()).rows
    assert list(row.items) == list(range(29, -1, -1))


def test_figures_are_of_ended_jobs_oldest_first(target_id: int) -> None:
    for ago in (1, 3, 2):
        ended_job(target_id, minutes_ago=ago, items=ago)
    given.a_job(target_id)
    found = given.do(overviews.figures, target_id, most=2)
    assert [(f.items, f.seconds, f.pages, f.errors) for f in found] == [
        (2, 90, 7, 1),
        (1, 90, 7, 1),
    ]
    assert found[0].at < found[1].at


def test_a_job_that_never_began_took_no_time(target_id: int) -> None:
    given.do(jobs.cancel, given.a_job(target_id))
    assert [each.seconds for each in given.do(overviews.figures, target_id)] == [None]


def test_belongings_are_counted_no_further_than_asked(target_id: int) -> None:
    job_id = given.a_job(target_id)
    given.execute(
        "INSERT INTO scraped_items (target_id, key, data, content_hash)"
        " SELECT :id, n::text, '{}', '' FROM generate_series(1, 30) n",
        id=target_id,
    )
    held = given.do(overviews.belongings, target_id, most=20)
    assert (held.jobs, held.items, held.most) == (1, 21, 20)
    assert held.active is not None
    assert held.active.id == job_id
    assert given.do(overviews.belongings, target_id).items == 30


def test_the_spiders_known_are_those_of_workers_that_were_not_stopped() -> None:
    given.execute(
        "INSERT INTO workers (name, pid, slots, spiders, stopped_at) VALUES"
        " ('a', 1, 2, '{shop,books}', null), ('b', 2, 2, '{books,quotes}', null),"
        " ('c', 3, 2, '{old}', now())"
    )
    assert given.do(overviews.known_spiders) == ["books", "quotes", "shop"]


def test_whether_there_is_any_target() -> None:
    assert not given.do(overviews.any_target)
    gone = given.a_target()
    assert given.do(overviews.any_target)
    delete(gone)
    assert not given.do(overviews.any_target)
