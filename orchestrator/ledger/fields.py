"""The fields of a job: how full they are now and were before, and the two pages that show it.

Counted on the kept pages: what an earlier job had found of a field is not in the items any more.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from orchestrator.exceptions import JobNotFound, Sentence
from orchestrator.ledger import finding, samples
from orchestrator.ledger.finding import CutOff, at_most
from orchestrator.ledger.models import JobStatus, PageSample, ScrapedItem, ScrapingJob

#: Samples of a target that are looked at: those of its last jobs and a few older ones.
_MOST_SAMPLES = 60
_MOST_FIELDS = 100
_MOST_ITEMS = 500


@dataclass(frozen=True, slots=True)
class Fill:
    """In how many items a field holds something."""

    filled: int
    of: int

    @property
    def share(self) -> float:
        return self.filled / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field on the kept pages of a job, and of the last completed one that had it."""

    name: str
    now: Fill
    #: None = no page of an earlier job shows it.
    before: Fill | None

    @property
    def fell(self) -> bool:
        """Whether it is emptier than it was, by more than pages differ from day to day."""
        return self.before is not None and self.before.share - self.now.share > 0.1


@dataclass(frozen=True, slots=True)
class Compared:
    """Two pages to hold beside each other, and by what each was read."""

    definition: Mapping[str, Any]
    #: The page of the job; None = none was kept.
    now: PageSample | None
    #: The page of the last completed job before it that had the field.
    before: PageSample | None
    definition_before: Mapping[str, Any]


def of_job(session: Session, job: ScrapingJob) -> list[FieldRow]:
    """The fields of its recipe, or those that its pages gave; those that fell come first."""
    own, earlier = _kept(session, job)
    if not own:
        return []
    rows = [
        FieldRow(name, _fill(own, name), _before(earlier, name))
        for name in _names(job, own, earlier)
    ]
    return sorted(rows, key=lambda row: not row.fell)[:_MOST_FIELDS]


def compared(session: Session, job_id: uuid.UUID, field: str) -> Compared:
    """Raises JobNotFound."""
    job = session.get(ScrapingJob, job_id)
    if job is None:
        raise JobNotFound(Sentence("There is no job %(id)s.", id=job_id))
    before = samples.last_with(session, job, field)
    earlier = session.get(ScrapingJob, before.job_id) if before else None
    return Compared(
        job.definition,
        samples.without(session, job_id, field, before),
        before,
        earlier.definition if earlier else {},
    )


def among_items(session: Session, job_id: uuid.UUID, field: str) -> Fill | None:
    """Among the first items that the job was the last to see; None where it takes too long."""
    some = (
        select(ScrapedItem.data[field].astext.label("value"))
        .where(ScrapedItem.last_job_id == job_id)
        .order_by(ScrapedItem.last_job_id, ScrapedItem.id)
        .limit(_MOST_ITEMS)
        .subquery()
    )
    # A field that is null or not there is null as text.
    holds = some.c.value.not_in(("", "[]"))
    try:
        with at_most(session, finding.SEARCH_MILLISECONDS):
            counts = session.execute(select(func.count().filter(holds), func.count())).one()
    except CutOff:
        return None
    return Fill(*counts)


def _kept(session: Session, job: ScrapingJob) -> tuple[list[PageSample], list[PageSample]]:
    """The samples of the job, and those of completed jobs before it, the latest first."""
    rows = session.execute(
        select(PageSample, ScrapingJob.status, ScrapingJob.queued_at)
        .join(ScrapingJob, ScrapingJob.id == PageSample.job_id)
        .where(PageSample.target_id == job.target_id)
        .order_by(PageSample.taken_at.desc(), PageSample.place)
        .limit(_MOST_SAMPLES)
        .options(defer(PageSample.body))
    ).all()
    own = [row[0] for row in rows if row[0].job_id == job.id]
    earlier = [
        row[0]
        for row in rows
        if row[1] is JobStatus.COMPLETED and row[2] < job.queued_at and row[0].job_id != job.id
    ]
    return own, earlier


def _names(
    job: ScrapingJob, own: Iterable[PageSample], earlier: Iterable[PageSample]
) -> Sequence[str]:
    spider = str(job.definition.get("spider"))
    # Here, for the workers, as in `definitions`.
    from orchestrator.ledger.recipes import RECIPES, corrections

    if spider in RECIPES and (
        named := corrections.field_names(spider, job.definition.get("arguments") or {})
    ):
        return named
    counts = Counter(name for each in own for name in each.filled)
    counts.update(name for each in earlier for name in each.filled)
    return [name for name, _ in counts.most_common(_MOST_FIELDS)]


def _fill(kept: Iterable[PageSample], name: str) -> Fill:
    given = [each for each in kept if each.items]
    return Fill(
        sum(int(each.filled.get(name, 0)) for each in given), sum(each.items for each in given)
    )


def _before(earlier: Sequence[PageSample], name: str) -> Fill | None:
    last = next((each.job_id for each in earlier if name in each.filled), None)
    return _fill((each for each in earlier if each.job_id == last), name) if last else None
