"""A job whose changes are held back, with something of each kind to look at."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Session

from orchestrator.ledger.models import (
    HeldItem,
    HeldJob,
    HeldKind,
    JobJudgement,
    Publication,
    ScrapedItem,
    ScrapingJob,
    Verdict,
)
from orchestrator.ledger.profiles import Profile
from tests.dashboard import rows

_NUMBER = 25
_TOO_FEW = {"kind": "too_few", "field": None, "severity": "bad", "now": 75, "expected": 100}


def held(session: Session) -> ScrapingJob:
    target = rows.target(session, "held-shop")
    before = rows.job(session, target, ago=timedelta(days=1), finish_reason="finished")
    job = rows.job(
        session,
        target,
        finish_reason="finished",
        verdict=Verdict.BAD,
        publication=Publication.HELD,
        items_scraped=75,
    )
    hold(session, job, items_missing=3)
    judge(session, job, [_TOO_FEW, *findings_on("価格（税込）" * 12)], [before])
    for number in range(_NUMBER):
        item = rows.item(session, before, _product(number))
        if number < 22:
            _change(session, job, item)
        session.add(
            new(
                job, 10_000_000 + number, {"name": f"鉛筆 {number}", "price": 120, "tags": ["新着"]}
            )
        )
    session.flush()
    return job


def judge(
    session: Session, job: ScrapingJob, found: list[dict[str, Any]], earlier: list[ScrapingJob]
) -> None:
    """A judgement of a job of which not every item was looked at."""
    profile = Profile(75, 25, 22, 3, 7, 0, 1.5, 86_400, looked_at=50)
    session.add(
        JobJudgement(
            job_id=job.id,
            target_id=job.target_id,
            profile=profile.as_json(),
            findings=found,
            compared_with=[each.id for each in earlier],
        )
    )
    session.flush()


def findings_on(field: str) -> list[dict[str, Any]]:
    """Of several kinds; the last is of a later version."""
    numbers = {"count": 49, "of": 50, "usual": 1, "runs": 10, "rule": field}
    shapes = {"shape": f"amount {field}", "usual_shape": "number"}
    return [
        {"kind": kind, "field": field, "severity": "suspicious", **numbers, **shapes}
        for kind in ("empty", "shape", "schema", "words", field)
    ]


def hold(session: Session, job: ScrapingJob, **counts: Any) -> None:
    numbers = {"items_new": _NUMBER, "items_changed": 22, "items_back": 0} | counts
    session.add(HeldJob(job_id=job.id, target_id=job.target_id, tells_absences=True, **numbers))


def new(job: ScrapingJob, item_id: int, data: dict[str, Any], **values: Any) -> HeldItem:
    return HeldItem(
        job_id=job.id,
        item_id=item_id,
        **{"kind": HeldKind.NEW, "key": str(item_id), "data": data, "content_hash": b"x"} | values,
        first_seen_at=func.now(),
        last_seen_at=func.now(),
    )


def _change(session: Session, job: ScrapingJob, item: ScrapedItem) -> None:
    item.last_job_id = job.id
    after = {name: value for name, value in item.data.items() if name != "price"}
    earlier = {"price": item.data["price"]}
    session.add(
        new(job, item.id, after, kind=HeldKind.CHANGED, earlier=earlier, added=[], key=item.key)
    )


def _product(number: int) -> dict[str, Any]:
    return {
        "name": f"万年筆 {number} 号",
        "price": 1_200 + number,
        "description": "静かに滑らかに書けます。" * 9,
    }
