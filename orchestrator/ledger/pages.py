"""Pages that did not go well: charged with a crash, given up, listed on their job."""

import uuid
from collections.abc import Sequence

from sqlalchemy import case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from orchestrator.ledger.models import ChargedPage, ScrapingJob
from orchestrator.ledger.troubled_pages import TroubledPage

#: A page whose callback was running in so many crashes is left out.
MOST_CHARGES = 3


def charge(session: Session, job_id: uuid.UUID, page: TroubledPage) -> bool:
    """Charges a page with the crash of its crawler; True when the job gives it up by this."""
    charges = ChargedPage.charges + 1
    statement = insert(ChargedPage).values(
        job_id=job_id,
        request_id=page.request_id,
        url=page.url,
        charges=1,
        reason=page.reason,
    )
    given_up = session.scalar(
        statement.on_conflict_do_update(
            index_elements=[ChargedPage.job_id, ChargedPage.request_id],
            set_={
                "charges": charges,
                "reason": statement.excluded.reason,
                "given_up_at": case(
                    (charges >= MOST_CHARGES, func.coalesce(ChargedPage.given_up_at, func.now()))
                ),
            },
        ).returning(func.coalesce(ChargedPage.given_up_at == func.now(), False))
    )
    if given_up:
        session.execute(
            update(ScrapingJob)
            .where(ScrapingJob.id == job_id)
            .values(pages_given_up=ScrapingJob.pages_given_up + 1)
        )
    return bool(given_up)


def to_leave_out(session: Session, job_id: uuid.UUID) -> list[str]:
    """The ids, in hex, of pages that the job's next crawl must not touch."""
    ids = session.scalars(
        select(ChargedPage.request_id).where(
            ChargedPage.job_id == job_id,
            ChargedPage.given_up_at.is_not(None),
            ChargedPage.charges >= MOST_CHARGES,
        )
    )
    return [request_id.hex() for request_id in ids]


def given_up(session: Session, job_id: uuid.UUID, *, most: int = 100) -> Sequence[ChargedPage]:
    """The pages a job went on without, in the order it gave them up."""
    return session.scalars(
        select(ChargedPage)
        .where(ChargedPage.job_id == job_id, ChargedPage.given_up_at.is_not(None))
        .order_by(ChargedPage.given_up_at, ChargedPage.request_id)
        .limit(most)
    ).all()
