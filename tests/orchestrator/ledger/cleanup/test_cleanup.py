"""What goes, what stays, and that no statement ever touches more than a batch."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event, text

from orchestrator import database
from orchestrator.exceptions import Invalid
from orchestrator.ledger import cleanup, feeds, marks, ticks
from orchestrator.ledger.cleanup import Retention
from orchestrator.ledger.models import ACTIVE, JobStatus, Table
from tests.orchestrator.ledger import given
from tests.orchestrator.ledger.outdated import (
    cache,
    charge,
    delete_target,
    draft,
    export,
    hold,
    items,
    learn_words,
    listing,
    log,
    miss,
    old_job,
    progress,
    reject,
    revise,
)

pytestmark = pytest.mark.usefixtures("database")

TABLES = (
    "job_log_lines",
    "job_progress",
    "exports",
    "item_listings",
    "item_listing_parts",
    "cached_pages",
    "item_words",
    "item_absences",
    "held_items",
    "rejected_items",
    "charged_pages",
    "crawls",
    "item_revisions",
    "scraped_items",
)


#: Rows without which their job goes, too.
HOLDING_A_JOB = sorted(
    {*TABLES, "scraping_jobs"}
    - {"cached_pages", "exports", "item_listings", "item_listing_parts", "item_words"}
    - {"held_items"}
)


def everything() -> dict[str, Any]:
    tables = (*TABLES, "scraping_jobs", "scraping_targets")
    return {
        table: given.execute(f"SELECT t::text, xmin FROM {table} t ORDER BY 1") for table in tables
    }


@pytest.fixture
def no_batch_above_the_limit(database: str) -> Iterator[None]:
    """Fails when a statement touches more than a thousand rows, cascades included."""
    given.execute("CREATE TABLE touched (tx xid8, rows bigint)")
    given.execute(
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO touched SELECT pg_current_xact_id(), count(*) FROM gone; RETURN NULL;"
        " END $$"
    )
    for table in (*TABLES, "scraping_jobs", "scraping_targets"):
        for action in ("DELETE", "UPDATE"):
            given.execute(
                f"CREATE TRIGGER note_{action} AFTER {action} ON {table}"
                " REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note()"
            )
    given.execute("TRUNCATE touched")
    yield
    sums = "SELECT sum(rows) AS rows FROM touched GROUP BY tx"
    most = given.execute(f"SELECT max(rows) FROM ({sums}) t")
    assert most[0][0] == 1_000


def run(days: int = 30) -> dict[str, int]:
    return cleanup.old_data(Retention.of(days))


NOTHING = {
    "audit": 0,
    "revisions": 0,
    "absences": 0,
    "alert_rules": 0,
    "change_feeds": 0,
    "change_marks": 0,
    "change_sets": 0,
    "alerts": 0,
    "deliveries": 0,
    "words": 0,
    "items": 0,
    "exports": 0,
    "listing_parts": 0,
    "listings": 0,
    "workers": 0,
    "cached_pages": 0,
    "draft_pages": 0,
    "drafts": 0,
    "page_samples": 0,
    "field_diagnoses": 0,
    "log_lines": 0,
    "progress": 0,
    "rejected_items": 0,
    "charged_pages": 0,
    "crawls": 0,
    "held_items": 0,
    "held_jobs": 0,
    "judgements": 0,
    "scrapyd_jobs": 0,
    "jobs": 0,
    "targets": 0,
}

#: Every reference to a row that clean-up removes: a new one must be let go of, or go before it.
REFERENCES = {
    "alert_rules.target_id",
    "cached_pages.target_id",
    "change_feeds.target_id",
    "change_marks.target_id",
    "change_sets.job_id",
    "change_sets.target_id",
    "charged_pages.job_id",
    "crawls.job_id",
    "draft_pages.draft_id",
    "exports.target_id",
    "field_diagnoses.job_id",
    "held_items.job_id",
    "held_jobs.job_id",
    "held_jobs.target_id",
    "item_absences.back_job_id",
    "item_absences.gone_job_id",
    "item_absences.item_id",
    "item_listings.target_id",
    "item_revisions.item_id",
    "item_revisions.job_id",
    "item_words.item_id",
    "job_judgements.job_id",
    "job_judgements.target_id",
    "job_log_lines.job_id",
    "job_progress.job_id",
    "page_samples.job_id",
    "page_samples.target_id",
    "rejected_items.job_id",
    "scraped_items.first_job_id",
    "scraped_items.last_job_id",
    "scraped_items.target_id",
    "scraping_jobs.retry_of",
    "scraping_jobs.target_id",
    "scrapyd_jobs.job_id",
    "target_drafts.target_id",
}


@pytest.mark.parametrize("days", [0, -1, 36_501, 10**12, 1.5, True, "30", None, float("nan")])
def test_days_that_are_none_are_refused_in_one_sentence(days: Any, target_id: int) -> None:
    old_job(target_id)
    before = everything()
    with pytest.raises(Invalid, match=r"from 1 to 36,500"):
        run(days)
    assert everything() == before


def test_every_reference_is_known_to_clean_up() -> None:
    removed = {"scraping_jobs", "scraped_items", "scraping_targets", "target_drafts"}
    columns = [column for table in Table.metadata.tables.values() for column in table.columns]
    referring = {
        f"{column.table.name}.{column.name}"
        for column in columns
        for key in column.foreign_keys
        if key.column.table.name in removed
    }
    assert referring == REFERENCES


def test_a_draft_and_its_pages_go_after_a_week_and_sooner_where_less_is_kept(
    target_id: int,
) -> None:
    for days in (40, 8, 6, 0):
        draft(days)
    assert run(30) == NOTHING | {"drafts": 2, "draft_pages": 4}
    assert run(3) == NOTHING | {"drafts": 1, "draft_pages": 2}
    assert given.count("draft_pages") == 2


def test_a_draft_of_a_deleted_target_goes_with_it(target_id: int) -> None:
    draft(0, target_id=target_id)
    given.execute("UPDATE scraping_targets SET deleted_at = now()")
    assert run() == NOTHING | {"drafts": 1, "draft_pages": 2, "targets": 1}


def test_an_empty_database_has_nothing_to_remove() -> None:
    assert run() == NOTHING


def test_an_old_job_goes_with_all_that_hangs_on_it(target_id: int) -> None:
    job_id = old_job(target_id)
    log(job_id, 7)
    reject(job_id, 3)
    charge(job_id, 2)
    progress(job_id, 4)
    items(target_id, 5, first=job_id, last=job_id, days=40)
    revise(job_id, days=40)
    miss(job_id)
    learn_words()
    export(target_id, days=40)
    listing(target_id, days=40)
    cache(target_id, 6, days=40)
    given.execute(
        "INSERT INTO scrapyd_jobs (job_id, jobid, spider) VALUES (:id, 'a', 'b')", id=job_id
    )
    removed = {
        "jobs": 1,
        "log_lines": 7,
        "rejected_items": 3,
        "charged_pages": 2,
        "crawls": 1,
        "judgements": 1,
    }
    removed |= {"progress": 4, "words": 5, "exports": 1, "listings": 1, "listing_parts": 2}
    removed |= {"cached_pages": 6, "scrapyd_jobs": 1}
    assert run() == NOTHING | removed | {"revisions": 5, "absences": 5, "items": 5}
    assert all(given.count(table) == 0 for table in (*TABLES, "scraping_jobs"))
    assert given.count("scraping_targets") == 1


def test_what_is_younger_stays(target_id: int) -> None:
    job_id = old_job(target_id, days=29)
    log(job_id, 7)
    reject(job_id, 3)
    charge(job_id, 2)
    items(target_id, 5, first=job_id, last=job_id, days=29)
    revise(job_id, days=29)
    cache(target_id, 6, days=29)
    before = everything()
    assert run() == NOTHING
    assert everything() == before


def test_the_age_is_the_callers_choice(target_id: int) -> None:
    old_job(target_id, days=29)
    assert run(28)["jobs"] == 1


def test_an_item_that_is_still_seen_outlives_the_job_that_found_it(target_id: int) -> None:
    first, last = old_job(target_id), old_job(target_id, days=0)
    items(target_id, 5, first=first, last=last)
    assert run() == NOTHING | {"jobs": 1, "crawls": 1, "judgements": 1}
    assert given.count("scraped_items", "first_job_id IS NULL AND last_job_id = :id", id=last) == 5


def test_a_revision_outlives_its_job_while_it_is_young(target_id: int) -> None:
    job_id = old_job(target_id)
    items(target_id, 2)
    revise(job_id)
    assert run()["jobs"] == 1
    assert given.count("item_revisions", "job_id IS NULL") == 2


def test_old_revisions_go_and_their_item_stays(target_id: int) -> None:
    items(target_id, 3)
    revise(old_job(target_id, days=1), days=40)
    assert run() == NOTHING | {"revisions": 3}
    assert given.count("scraped_items") == 3


def test_old_absences_go_when_they_are_over_and_younger_ones_outlive_their_job(
    target_id: int,
) -> None:
    job_id = old_job(target_id)
    items(target_id, 3)
    miss(job_id, days=40)
    miss(job_id, days=20)
    given.execute(
        "INSERT INTO item_absences (item_id, gone_at) SELECT id, '-infinity' FROM scraped_items"
    )
    assert run()["absences"] == 3
    assert given.count("item_absences", "gone_job_id IS NULL AND back_job_id IS NULL") == 6


def test_an_item_long_unseen_goes_with_its_revisions_however_young(target_id: int) -> None:
    items(target_id, 3, days=40)
    revise(None)
    assert run() == NOTHING | {"revisions": 3, "items": 3}


def test_an_old_job_goes_although_a_younger_one_repeats_it(target_id: int) -> None:
    old = old_job(target_id)
    young = old_job(target_id, days=1, retry_of=old)
    assert run()["jobs"] == 1
    assert given.job(young).retry_of is None


def test_a_chain_of_repeated_old_jobs_goes(target_id: int) -> None:
    first = old_job(target_id)
    old_job(target_id, retry_of=first)
    assert run()["jobs"] == 2


def test_skipped_failed_and_cancelled_jobs_go_as_completed_ones_do() -> None:
    for status in (JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.COMPLETED):
        given.brought_to(status, given.a_target(status))
    active = given.a_job(busy := given.a_target("busy"))
    given.answer(busy, job_id=uuid.uuid4())
    given.execute(
        "UPDATE scraping_jobs SET completed_at = completed_at - interval '40 days',"
        " queued_at = queued_at - interval '40 days'"
    )
    assert run()["jobs"] == 4
    assert given.execute("SELECT id FROM scraping_jobs") == [(active,)]


@pytest.mark.parametrize("status", ACTIVE)
def test_nothing_of_an_active_job_is_touched(status: JobStatus, target_id: int) -> None:
    job_id = given.brought_to(status, target_id)
    log(job_id, 5)
    reject(job_id, 5)
    charge(job_id, 5)
    items(target_id, 5, first=job_id, last=job_id, days=400)
    revise(job_id, days=400)
    given.execute(
        "UPDATE scraping_jobs SET queued_at = now() - interval '1 year',"
        " started_at = now() - interval '1 year'"
    )
    before = everything()
    assert run() == NOTHING
    assert everything() == before


@pytest.mark.parametrize("status", ACTIVE)
def test_items_of_a_busy_target_wait_until_it_is_idle(status: JobStatus, target_id: int) -> None:
    old = old_job(target_id)
    log(old, 5)
    items(target_id, 3, first=old, last=old, days=40)
    active = given.brought_to(status, target_id)
    assert run() == NOTHING | {"log_lines": 5, "crawls": 1, "judgements": 1}
    assert given.count("scraped_items", "first_job_id = :old AND last_job_id = :old", old=old) == 3
    given.execute("UPDATE scraping_jobs SET status = 'cancelled' WHERE id = :id", id=active)
    assert run() == NOTHING | {"items": 3, "jobs": 1}


def test_a_job_that_an_active_one_repeats_stays(target_id: int) -> None:
    old = old_job(target_id)
    active = given.a_job(target_id, retry_of=old)
    assert run()["jobs"] == 0
    assert given.job(active).retry_of == old


def test_a_job_that_begins_meanwhile_keeps_its_items(target_id: int) -> None:
    items(target_id, 3, days=40)

    def when_found(*arguments: Any) -> None:
        if "ORDER BY scraped_items.id" in arguments[2] and not given.count("scraping_jobs"):
            given.a_job(target_id)

    event.listen(database.engine(), "after_cursor_execute", when_found)
    removed = run()
    event.remove(database.engine(), "after_cursor_execute", when_found)
    assert given.count("scraping_jobs") == 1
    assert removed["items"] == 0
    assert given.count("scraped_items") == 3


def test_items_of_a_job_that_is_just_being_requested_are_left(target_id: int) -> None:
    items(target_id, 3, days=40)
    with database.transaction() as session:
        session.execute(text("SELECT FROM scraping_targets FOR KEY SHARE"))
        assert run() == NOTHING


def test_an_item_seen_again_meanwhile_stays(target_id: int) -> None:
    items(target_id, 3, days=40)

    def when_found(*arguments: Any) -> None:
        if "ORDER BY scraped_items.id" in arguments[2]:
            given.execute("UPDATE scraped_items SET last_seen_at = now() WHERE key = 'k2'")

    event.listen(database.engine(), "after_cursor_execute", when_found)
    removed = run()
    event.remove(database.engine(), "after_cursor_execute", when_found)
    assert removed["items"] == 2
    assert given.execute("SELECT key FROM scraped_items") == [("k2",)]


@pytest.mark.parametrize("table", HOLDING_A_JOB)
def test_rows_that_somebody_holds_are_not_waited_for_and_go_next_time(
    table: str, target_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = old_job(target_id)
    log(job_id, 2)
    reject(job_id, 2)
    charge(job_id, 2)
    items(target_id, 2, first=job_id, last=job_id, days=40)
    revise(job_id, days=40)
    miss(job_id)
    progress(job_id, 2)
    learn_words()
    monkeypatch.setenv("PGOPTIONS", "-c lock_timeout=100ms")
    database.engine().dispose()
    with database.transaction() as session:
        held = session.execute(text(f"SELECT * FROM {table} LIMIT 1 FOR UPDATE")).all()
        run()
        assert session.execute(text(f"SELECT * FROM {table}")).all() == held
        assert given.count("scraping_jobs") == 1
    run()
    assert all(given.count(each) == 0 for each in (*TABLES, "scraping_jobs"))


def test_a_deleted_target_goes_with_all_it_had_however_young(target_id: int) -> None:
    job_id = old_job(target_id, days=0)
    log(job_id, 2)
    reject(job_id, 2)
    charge(job_id, 2)
    items(target_id, 2, first=job_id, last=job_id)
    revise(job_id)
    export(target_id)
    listing(target_id)
    cache(target_id, 1_200)
    given.do(feeds.make, given.a_person("hanako"), target="shop")
    given.do(marks.mark, 1, given.do(ticks.now), target_id=target_id)
    given.execute(
        "INSERT INTO change_sets (job_id, target_id) SELECT id, target_id FROM scraping_jobs"
    )
    kept = given.a_target("kept")
    items(kept, 1)
    export(kept)
    listing(kept)
    cache(kept, 3)
    delete_target(target_id)
    removed = {
        "jobs": 1,
        "log_lines": 2,
        "rejected_items": 2,
        "charged_pages": 2,
        "crawls": 1,
        "judgements": 1,
    }
    removed |= {"exports": 1, "listings": 1, "listing_parts": 2, "cached_pages": 1_200}
    removed |= {"change_sets": 1, "change_marks": 1, "change_feeds": 1}
    assert run() == NOTHING | removed | {"revisions": 2, "items": 2, "targets": 1}
    assert given.count("cached_pages") == 3
    assert given.execute("SELECT id FROM scraping_targets") == [(kept,)]
    assert given.count("scraped_items") == 1


@pytest.mark.parametrize("status", ACTIVE)
def test_a_deleted_target_stays_while_its_last_job_is_active(
    status: JobStatus, target_id: int
) -> None:
    given.brought_to(status, target_id)
    items(target_id, 2, days=40)
    delete_target(target_id)
    before = everything()
    assert run() == NOTHING
    assert everything() == before
    given.execute("UPDATE scraping_jobs SET status = 'cancelled', completed_at = now()")
    assert run()["targets"] == 1


def test_the_namesake_of_a_deleted_target_is_left_alone(target_id: int) -> None:
    items(target_id, 1)
    delete_target(target_id)
    namesake = given.a_target("shop")
    items(namesake, 1)
    run()
    assert given.execute("SELECT target_id FROM scraped_items") == [(namesake,)]


@pytest.mark.usefixtures("no_batch_above_the_limit")
def test_no_transaction_touches_more_than_a_thousand_rows() -> None:
    busy, idle, gone = (given.a_target(name) for name in ("busy", "idle", "gone"))
    for target_id in (busy, idle, gone):
        job_id = old_job(target_id, days=0 if target_id == gone else 40)
        log(job_id, 2_500)
        reject(job_id, 1_500)
        charge(job_id, 1_500)
        items(target_id, 1_500, first=job_id, last=job_id, days=0 if target_id == gone else 40)
        items(target_id, 1_500, first=job_id, last=None, prefix="seen")
        revise(job_id) if target_id == busy else None
    revise(old_job(idle))
    given.execute(
        "INSERT INTO scraping_jobs (target_id, status, trigger, definition, completed_at, retry_of)"
        " SELECT :id, 'failed', 'cli', '{}', now() - interval '40 days', :old"
        " FROM generate_series(1, 2500)",
        id=idle,
        old=old_job(idle),
    )
    given.a_job(busy)
    delete_target(gone)
    removed = run()
    assert removed["log_lines"] == 7_500
    assert removed["rejected_items"] == 4_500
    assert removed["jobs"] == 2_504
    assert removed["items"] == 1_500 + 3_000
    assert removed["targets"] == 1
    assert given.count("scraped_items", "target_id = :id", id=busy) == 3_000


def test_each_batch_is_kept_when_a_later_one_fails(target_id: int) -> None:
    job_id = old_job(target_id)
    log(job_id, 2_500)
    batches = []

    def fail_at_the_third(*arguments: Any) -> None:
        if "DELETE FROM job_log_lines" in arguments[2]:
            batches.append(1)
            if len(batches) == 3:
                raise KeyboardInterrupt

    event.listen(database.engine(), "before_cursor_execute", fail_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        run()
    event.remove(database.engine(), "before_cursor_execute", fail_at_the_third)
    assert given.count("job_log_lines") == 500


def test_two_clean_ups_at_once_do_the_work_once(target_id: int) -> None:
    for number in range(20):
        log(old_job(target_id, days=40 + number), 200)
    items(target_id, 3_000, days=40)
    removed = given.at_once(2, lambda _: run())
    removed.append(run())
    assert sum(each["log_lines"] for each in removed) == 4_000
    assert sum(each["items"] for each in removed) == 3_000
    assert sum(each["jobs"] for each in removed) == 20


@pytest.mark.judging
@pytest.mark.parametrize("decided", [None, 29])
def test_a_job_that_is_held_or_can_be_undone_stays_with_what_it_changed(
    decided: int | None, target_id: int
) -> None:
    job_id = old_job(target_id)
    log(job_id, 2)
    items(target_id, 2, first=None, last=job_id, days=0)
    revise(job_id, days=40)
    hold(job_id, 5, decided_days=decided)
    before = everything()
    assert run() == NOTHING
    assert everything() == before
    assert given.count("held_items") == 5


@pytest.mark.judging
@pytest.mark.usefixtures("no_batch_above_the_limit")
def test_what_was_held_goes_a_month_after_the_decision_and_with_its_target_at_once(
    target_id: int,
) -> None:
    hold(old_job(target_id, days=31), 1_500, decided_days=31)
    hold(young := old_job(target_id, days=1), 3, decided_days=1)
    removed = {"held_items": 1_500, "held_jobs": 1, "jobs": 1, "crawls": 1, "judgements": 1}
    assert run(30) == NOTHING | removed
    delete_target(target_id)
    removed = {
        "held_items": 3,
        "held_jobs": 1,
        "jobs": 1,
        "crawls": 1,
        "judgements": 1,
        "targets": 1,
    }
    assert run(30) == NOTHING | removed
    assert given.count("scraping_jobs", "id = :id", id=young) == 0
