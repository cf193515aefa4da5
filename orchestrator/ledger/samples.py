"""Samples of pages: a few pages of each job, kept for the day on which a field is empty.

They are written in the transaction of a checkpoint, so a crawl that is killed keeps those it had.
A target keeps the samples of its last jobs, and each sample that is the last to show a field with
something in it: however late somebody looks, there is a page to compare with.
"""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, defer
from zstandard import ZstdDecompressor

from orchestrator.exceptions import NotFound, Sentence
from orchestrator.ledger.models import JobStatus, PageSample, ScrapingJob
from orchestrator.ledger.new_samples import MOST_BYTES, Place


def of_job(session: Session, job_id: uuid.UUID) -> Sequence[PageSample]:
    """The samples of a job, without the pages themselves."""
    query = select(PageSample).where(PageSample.job_id == job_id).order_by(PageSample.place)
    return session.scalars(query.options(defer(PageSample.body))).all()


def without(
    session: Session, job_id: uuid.UUID, field: str, like: PageSample | None = None
) -> PageSample | None:
    """The page of a job that shows best that a field is empty: one with items that lack it.

    Of several the one that is most `like` an earlier page; without items, any.
    """

    def rank(each: PageSample) -> tuple[bool, float, bool, bool, int]:
        share = int(each.filled.get(field, 0)) / each.items if each.items else 0.0
        is_other = like is not None and each.url != like.url
        differs = like is not None and (each.place == Place.START) != (like.place == Place.START)
        return not each.items, share, is_other, differs, each.place

    kept = [each for each in of_job(session, job_id) if each.is_kept]
    return min(kept, key=rank, default=None)


def last_with(session: Session, job: ScrapingJob, field: str) -> PageSample | None:
    """The latest page of an earlier, completed job on which the field held something."""
    query = (
        select(PageSample)
        .join(ScrapingJob, ScrapingJob.id == PageSample.job_id)
        .where(
            PageSample.target_id == job.target_id,
            PageSample.job_id != job.id,
            PageSample.is_kept,
            PageSample.filled.has_key(field),
            ScrapingJob.status == JobStatus.COMPLETED,
            ScrapingJob.queued_at < job.queued_at,
        )
        .order_by(PageSample.taken_at.desc(), PageSample.place)
        .limit(1)
    )
    return session.scalar(query.options(defer(PageSample.body)))


def body(session: Session, job_id: uuid.UUID, place: int) -> bytes:
    """A page as it was read. Raises NotFound."""
    key = (PageSample.job_id == job_id, PageSample.place == place)
    stored = session.scalar(select(PageSample.body).where(*key))
    if stored is None:
        raise NotFound(Sentence("This page was not kept, or is gone by now."))
    return ZstdDecompressor().decompress(stored, max_output_size=MOST_BYTES)
