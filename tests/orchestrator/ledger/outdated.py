"""Rows of some age, for a clean-up to remove or to leave."""

import uuid
from typing import Any

from orchestrator.ledger import targets
from tests.orchestrator.ledger import given


def old_job(target_id: int, days: int = 40, **terms: Any) -> uuid.UUID:
    """A completed job with a crawl, that ended so many days ago."""
    job_id = given.a_job(target_id, **terms)
    assert given.claim(job_id)
    given.finish(job_id, given.COMPLETED)
    given.execute(
        "UPDATE scraping_jobs SET completed_at = now() - make_interval(days => :days)"
        " WHERE id = :id",
        id=job_id,
        days=days,
    )
    return job_id


def log(job_id: uuid.UUID, lines: int) -> None:
    given.execute(
        "INSERT INTO job_log_lines SELECT :job, 1, n, 20, now(), 'l', 'm'"
        " FROM generate_series(1, :lines) n",
        job=job_id,
        lines=lines,
    )


def progress(job_id: uuid.UUID, steps: int) -> None:
    given.execute(
        "INSERT INTO job_progress (job_id, began_at, pages)"
        " SELECT :job, now() + make_interval(secs => n), n FROM generate_series(1, :steps) n",
        job=job_id,
        steps=steps,
    )


def learn_words() -> None:
    given.execute(
        "INSERT INTO item_words SELECT id, content_hash, array_to_tsvector(ARRAY['a', 'b'])"
        " FROM scraped_items"
    )


def export(target_id: int, days: int = 0) -> None:
    given.execute(
        "INSERT INTO exports (id, target_id, who, format, started_at)"
        " SELECT gen_random_uuid(), :target, 'hanako', 'csv', now() - make_interval(days => :days)",
        target=target_id,
        days=days,
    )


def draft(days: int, target_id: int | None = None) -> None:
    """One with two pages."""
    given.execute(
        "WITH made AS (INSERT INTO target_drafts (id, who, url, target_id, made_at)"
        " SELECT gen_random_uuid(), 'hanako', 'u', :target, now() - make_interval(days => :days)"
        " RETURNING id)"
        " INSERT INTO draft_pages (draft_id, place, url, status, body)"
        " SELECT id, n, 'u', 200, '' FROM made, generate_series(0, 1) n",
        target=target_id,
        days=days,
    )


def cache(target_id: int, pages: int, days: int = 0) -> None:
    given.execute(
        "INSERT INTO cached_pages (target_id, key, url, head, body, size, seen_at)"
        " SELECT :target, (:days || '-' || n)::bytea, 'u', '', '', 0,"
        "        now() - make_interval(days => :days)"
        " FROM generate_series(1, :pages) n",
        target=target_id,
        pages=pages,
        days=days,
    )


def reject(job_id: uuid.UUID, number: int) -> None:
    given.execute(
        "INSERT INTO rejected_items (job_id, content_hash, reason, excerpt)"
        " SELECT :job, n::text::bytea, 'r', 'e' FROM generate_series(1, :number) n",
        job=job_id,
        number=number,
    )


def charge(job_id: uuid.UUID, number: int) -> None:
    given.execute(
        "INSERT INTO charged_pages (job_id, request_id, url, reason)"
        " SELECT :job, n::text::bytea, 'u', 'r' FROM generate_series(1, :number) n",
        job=job_id,
        number=number,
    )


def items(
    target_id: int,
    number: int,
    *,
    first: uuid.UUID | None = None,
    last: uuid.UUID | None = None,
    days: int = 0,
    prefix: str = "k",
) -> None:
    given.execute(
        "INSERT INTO scraped_items"
        " (target_id, key, data, content_hash, first_job_id, last_job_id, last_seen_at)"
        " SELECT :target, :prefix || n, '{}', '', :first, :last, now() - make_interval(days => :d)"
        " FROM generate_series(1, :number) n",
        target=target_id,
        number=number,
        first=first,
        last=last,
        d=days,
        prefix=prefix,
    )


def revise(job_id: uuid.UUID | None, *, days: int = 0) -> None:
    """A revision of every item."""
    given.execute(
        "INSERT INTO item_revisions (item_id, job_id, data, content_hash, replaced_at)"
        " SELECT id, :job, '{}', '', now() - make_interval(days => :days) FROM scraped_items",
        job=job_id,
        days=days,
    )


def miss(job_id: uuid.UUID, *, days: int = 0) -> None:
    """An absence of every item, begun and ended by that job."""
    given.execute(
        "INSERT INTO item_absences (item_id, gone_job_id, gone_at, back_job_id, back_at)"
        " SELECT id, :job, now() - make_interval(days => :days), :job,"
        " now() - make_interval(days => :days) FROM scraped_items",
        job=job_id,
        days=days,
    )


def delete_target(target_id: int) -> None:
    given.do(lambda session: targets.delete(session, targets.find(session, target_id)))


def listing(target_id: int, days: int = 0) -> None:
    """One of two parts, asked for so many days ago."""
    given.execute(
        "WITH listing AS (INSERT INTO item_listings (target_id, view_key, view, asked_at)"
        " VALUES (:target, '', '{}', now() - make_interval(days => :days)) RETURNING id)"
        " INSERT INTO item_listing_parts SELECT id, n, '{1}' FROM listing, generate_series(0, 1) n",
        target=target_id,
        days=days,
    )


def hold(job_id: uuid.UUID, number: int, *, decided_days: int | None = None) -> None:
    """So many items of a job, decided about so many days ago."""
    given.execute(
        "UPDATE scraping_jobs SET publication = :word WHERE id = :job",
        job=job_id,
        word="held" if decided_days is None else "discarded",
    )
    given.execute(
        "INSERT INTO held_jobs (job_id, target_id, tells_absences, decided_at)"
        " SELECT id, target_id, true, now() - make_interval(days => :days)"
        " FROM scraping_jobs WHERE id = :job",
        job=job_id,
        days=decided_days,
    )
    given.execute(
        "INSERT INTO held_items"
        " (job_id, item_id, kind, key, data, content_hash, first_seen_at, last_seen_at)"
        " SELECT :job, n, 'new', n, '{}', '', now(), now() FROM generate_series(1, :number) n",
        job=job_id,
        number=number,
    )
