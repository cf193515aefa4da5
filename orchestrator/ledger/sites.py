"""Sites: those that people gave a budget of their own, and by which name they mean one.

What a site learned of itself lives in Redis; here is what people decided.
"""

import re
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from orchestrator.exceptions import Sentence, SiteInvalid
from orchestrator.ledger import budgets
from orchestrator.ledger.models import JobStatus, ScrapingJob, ScrapingTarget, Site

_MOST_PER_SECOND, _MOST_IN_FLIGHT, _LONGEST_NOTE, _LONGEST_NAME = 10_000, 10_000, 500, 260
_NAME = re.compile(r"([^\s/?#@\[\]:{}]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")


def named(text: str) -> str:
    """The site that a person names, by its name or any of its addresses. Raises SiteInvalid."""
    text = text.strip()
    name = budgets.name_of(text if "://" in text else f"https://{text}")
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise SiteInvalid(Sentence("Write a site like shop.example or shop.example:8080."), "site")
    return name


def budget(name: str, site: Site | None) -> budgets.Budget:
    """The budget in force: what its row leaves open is the default."""
    if site is None:
        return budgets.default(name)
    return budgets.in_force(site.requests_per_second, site.in_flight)


def find(session: Session, name: str) -> Site | None:
    return session.get(Site, name)


def all_known(session: Session, *, most: int = 500) -> Sequence[Site]:
    """The sites with a budget of their own, changed last first."""
    return session.scalars(select(Site).order_by(Site.updated_at.desc()).limit(most)).all()


def save(
    session: Session,
    name: str,
    *,
    requests_per_second: float | None = None,
    in_flight: int | None = None,
    note: str = "",
) -> Site:
    """Gives a site a budget of its own; None = as by default. Raises SiteInvalid."""
    if requests_per_second is not None and not 0 <= requests_per_second <= _MOST_PER_SECOND:
        sentence = Sentence("From 0, for no cap, to %(most)s.", most=_MOST_PER_SECOND)
        raise SiteInvalid(sentence, "requests_per_second")
    if in_flight is not None and not 0 <= in_flight <= _MOST_IN_FLIGHT:
        sentence = Sentence("From 0, for no cap, to %(most)s.", most=_MOST_IN_FLIGHT)
        raise SiteInvalid(sentence, "in_flight")
    values = {
        "requests_per_second": requests_per_second,
        "in_flight": in_flight,
        "note": note.replace("\0", "")[:_LONGEST_NOTE],
        "updated_at": func.now(),
    }
    return session.scalars(
        insert(Site)
        .values(name=name, **values)
        .on_conflict_do_update(index_elements=[Site.name], set_=values)
        .returning(Site),
        execution_options={"populate_existing": True},
    ).one()


def crawling(session: Session, job_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of the targets of those jobs that run at this moment."""
    rows = session.execute(
        select(ScrapingJob.id, ScrapingTarget.name)
        .join(ScrapingTarget, ScrapingTarget.id == ScrapingJob.target_id)
        .where(ScrapingJob.id.in_(list(job_ids)), ScrapingJob.status == JobStatus.RUNNING)
    )
    return {row.id: row.name for row in rows}


def forget(session: Session, name: str) -> None:
    """From now on it has the default budget."""
    session.execute(delete(Site).where(Site.name == name))
