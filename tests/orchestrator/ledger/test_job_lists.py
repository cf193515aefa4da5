import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from orchestrator import database
from orchestrator.ledger import job_lists
from orchestrator.ledger.job_lists import JobFilter, JobPage
from orchestrator.ledger.models import JobStatus, Trigger
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")

ALL = JobFilter()


def jobs_at_equal_times(target_id: int, number: int = 23) -> list[uuid.UUID]:
    """Finished jobs, five of each moment, newest first as a list shows them."""
    given.execute(
        "INSERT INTO scraping_jobs "
        " (target_id, status, trigger, definition, queued_at, completed_at)"
        " SELECT :id, CASE n % 2 WHEN 0 THEN 'failed' ELSE 'completed' END, 'cli', '{}',"
        " now() - make_interval(mins => n / 5), now() FROM generate_series(1, :number) n",
        id=target_id,
        number=number,
    )
    rows = given.execute("SELECT id FROM scraping_jobs ORDER BY queued_at DESC, id DESC")
    return [row.id for row in rows]


def page(which: JobFilter = ALL, **options: Any) -> JobPage[Any]:
    return given.do(job_lists.page, which, **options)


def ids(shown: JobPage[Any]) -> list[uuid.UUID]:
    return [row[0].id for row in shown.jobs]


@pytest.mark.parametrize("size", [1, 4, 5, 22, 23, 24])
def test_all_pages_are_walked_both_ways_on_equal_times(size: int, target_id: int) -> None:
    expected = jobs_at_equal_times(target_id)
    shown = page(size=size)
    assert shown.newer is None
    pages = [ids(shown)]
    while shown.older:
        shown = page(older_than=shown.older, size=size)
        pages.append(ids(shown))
    assert [each for one in pages for each in one] == expected
    back = [ids(shown)]
    while shown.newer:
        shown = page(newer_than=shown.newer, size=size)
        back.append(ids(shown))
        assert shown.older
    assert [each for one in reversed(back) for each in one] == expected


def test_a_filter_holds_on_every_page(target_id: int) -> None:
    jobs_at_equal_times(target_id)
    other = given.a_target("other")
    jobs_at_equal_times(other)
    which = JobFilter(target_id=other, statuses=(JobStatus.FAILED,))
    first = page(which, size=6)
    second = page(which, older_than=first.older, size=6)
    rows = [*first.jobs, *second.jobs]
    assert len(rows) == 11
    assert {(row[1].id, row[0].status) for row in rows} == {(other, JobStatus.FAILED)}
    assert second.older is None


def test_a_list_without_jobs_is_one_empty_page() -> None:
    shown = page()
    assert (list(shown.jobs), shown.older, shown.newer) == ([], None, None)


@pytest.mark.parametrize(
    ("which", "index"),
    [
        (ALL, "ix_scraping_jobs_newest"),
        (JobFilter(target_id=1), "ix_scraping_jobs_target_newest"),
        (JobFilter(statuses=(JobStatus.FAILED,)), "ix_scraping_jobs_status_newest"),
        (
            JobFilter(statuses=(JobStatus.FAILED, JobStatus.COMPLETED)),
            "ix_scraping_jobs_status_newest",
        ),
    ],
)
def test_a_page_deep_in_the_past_is_read_by_index(
    which: JobFilter, index: str, target_id: int
) -> None:
    jobs_at_equal_times(target_id, 3_000)
    jobs_at_equal_times(given.a_target("other"), 3_000)
    given.execute("ANALYZE scraping_jobs, scraping_targets")
    deep = given.execute("SELECT queued_at, id FROM scraping_jobs ORDER BY 1, 2 OFFSET 200 LIMIT 1")
    plan = explained(lambda: page(which, older_than=tuple(deep[0]), size=10))
    assert index in plan
    assert max(map(int, re.findall(r"actual rows=(\d+)", plan))) <= 11


def all_pages(which: JobFilter, **options: Any) -> list[list[uuid.UUID]]:
    """The ids of each page, walked from the newest on; a page may be empty and not the last."""
    shown = page(which, **options)
    pages = [ids(shown)]
    while shown.older:
        shown = page(which, older_than=shown.older, **options)
        pages.append(ids(shown))
    return pages


def test_several_statuses_are_listed_as_one(target_id: int) -> None:
    expected = jobs_at_equal_times(target_id)
    both = JobFilter(statuses=(JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.SKIPPED))
    assert [each for one in all_pages(both, size=4) for each in one] == expected
    back = page(both, newer_than=_place(expected[7]), size=4)
    assert ids(back) == expected[3:7]


def _place(job_id: uuid.UUID) -> tuple[Any, uuid.UUID]:
    return given.job(job_id).queued_at, job_id


def test_a_period_begins_with_its_first_moment_and_ends_before_its_last(target_id: int) -> None:
    expected = jobs_at_equal_times(target_id)
    moments = sorted({given.job(each).queued_at for each in expected})
    within = JobFilter(since=moments[1], until=moments[3])
    times = {given.job(each).queued_at for each in ids(page(within))}
    assert times == {moments[1], moments[2]}


def test_what_no_index_serves_is_looked_for_in_so_many_jobs_a_page(target_id: int) -> None:
    jobs_at_equal_times(target_id, 23)
    rare = jobs_at_equal_times(target_id)[-3:]
    given.execute("UPDATE scraping_jobs SET trigger = 'api' WHERE id = ANY(:ids)", ids=rare)
    first = page(JobFilter(trigger=Trigger.API), size=5, look=10)
    assert ids(first) == []
    assert first.older == first.looked_to
    found = all_pages(JobFilter(trigger=Trigger.API), size=2, look=10)
    assert [each for one in found for each in one] == rare
    assert len(found) < 9
    of_target = JobFilter(target_id, (JobStatus.FAILED,), Trigger.CLI)
    assert sum(map(len, all_pages(of_target, size=7, look=10))) == given.count(
        "scraping_jobs", "status = 'failed' AND trigger = 'cli'"
    )


def test_no_page_looks_at_more_jobs_than_it_may(target_id: int) -> None:
    jobs_at_equal_times(target_id, 3_000)
    given.execute("ANALYZE scraping_jobs, scraping_targets")
    plan = explained(
        lambda: page(JobFilter(target_id, (JobStatus.SKIPPED,)), look=100), statements=2
    )
    assert max(map(int, re.findall(r"actual rows=(\d+)", plan))) <= 100


def explained(what: Callable[[], object], *, statements: int = 1) -> str:
    """How the database goes about the statements that `what` runs."""
    plans: list[str] = []

    def explain(connection: Any, cursor: Any, sql: str, parameters: Any, *_: Any) -> None:
        with connection.connection.cursor() as other:
            other.execute("EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF) " + sql, parameters)
            plans.append("\n".join(row[0] for row in other.fetchall()))

    event.listen(database.engine(), "before_cursor_execute", explain)
    what()
    event.remove(database.engine(), "before_cursor_execute", explain)
    assert len(plans) == statements
    return "\n".join(plans)


def test_living_targets_are_named_in_order(target_id: int) -> None:
    given.a_target("apple")
    assert given.do(job_lists.target_names) == ("apple", "shop")


def test_a_list_shows_the_same_jobs_by_less_of_each(target_id: int) -> None:
    jobs_at_equal_times(target_id)
    place = page(size=6).older
    whole, listed = page(older_than=place, size=6), listed_page(older_than=place, size=6)
    assert (listed.older, listed.newer) == (whole.older, whole.newer)
    for (job, target), (listed_job, listed_target) in zip(whole.jobs, listed.jobs, strict=True):
        for shown, of in ((listed_job, job), (listed_target, target)):
            assert shown == tuple(getattr(of, name) for name in shown._fields)


def listed_page(**options: Any) -> JobPage[Any]:
    return given.do(job_lists.listed, ALL, **options)


def test_lists_of_a_shape_do_not_mix_up_their_values(target_id: int) -> None:
    jobs_at_equal_times(target_id)
    for status in (JobStatus.FAILED, JobStatus.COMPLETED, JobStatus.FAILED):
        for target in (target_id, 0):
            shown = page(JobFilter(target, (status,)))
            assert {row[0].status for row in shown.jobs} == ({status} if target else set())
