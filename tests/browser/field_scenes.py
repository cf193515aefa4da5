"""A field that is empty, as a worker has left its diagnosis: long markup, Japanese, candidates."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import zstandard
from sqlalchemy.orm import Session

from orchestrator.ledger.models import FieldDiagnosis, PageSample, ScrapingJob
from tests.dashboard import rows

URL = "https://example.jp/商品/一覧?並び替え=新着"
_PAGE = "<html><body><ul><li>万年筆</li></ul></body></html>".encode()
_RECIPE: dict[str, Any] = {
    "items": {"css": "li"},
    "fields": [{"name": "商品名", "css": "h2"}, {"name": "price", "css": ".box .price"}],
}
_LONG = "<a href=" + "https://example.jp/very/long/" * 6 + ">"
_LINES = [{"text": '<div class="box">'}, {"text": f"  {_LONG}"}, {"text": "    <b>￥1,280（税込）"}]
_FOUND: dict[str, Any] = {
    "way": "placed",
    "now": {"of": 12, "filled": 0, "values": [""] * 5},
    "before": {"of": 12, "filled": 12, "values": ["1280", "1290", "1300", "1310", "1320"]},
    "remains": {"selector": ".box", "count": 12},
    "items_lost": False,
    "lines_before": [*_LINES, {"text": '    <b class="price">￥1,280（税込）', "marked": True}],
    "lines_now": _LINES,
    "candidates": [
        {
            "place": {"css": css, "items": {"css": "ul.new-list > li.card"}},
            "of": 12,
            "filled": 12,
            "values": ["￥1,280（税込）", "￥1,290（税込）"],
            "score": 0.9,
        }
        for css in (".amount", "." + "a-class-name-that-goes-on-" * 8)
    ],
    "trial": {
        "place": {"css": ".amount"},
        "before": {"of": 12, "filled": 0, "values": [""] * 12},
        "now": {"of": 12, "filled": 12, "values": ["￥1,280（税込）"] * 12},
    },
}
_TEXT = [{"text": "￥1,280", "kind": "gone"}, {"text": "W" * 200, "kind": "new"}]


def paths(session: Session) -> dict[str, str]:
    """The addresses of diagnoses; the names say what is seen."""
    target = rows.target(session, "empty_fields", spider="selector", arguments=_RECIPE)
    definition = {"target": target.name, "spider": "selector", "arguments": _RECIPE}
    before = rows.job(session, target, ago=timedelta(days=1), definition=definition)
    job = rows.job(session, target, definition=definition)
    sample(session, before, {"商品名": 12, "price": 12})
    sample(session, job, {"商品名": 12})
    _diagnosed(session, job.id, "price", _FOUND)
    _diagnosed(session, job.id, "of-code", {"way": "text", "differences": _TEXT})
    shown = {"found": "price", "text": "of-code", "unasked": "商品名"}
    return {kind: f"/jobs/{job.id}/fields/{field}" for kind, field in shown.items()}


def sample(
    session: Session, job: ScrapingJob, filled: dict[str, int], text: str = URL, page: bytes = _PAGE
) -> None:
    """A page that the job kept; `text` stands wherever one may."""
    session.add(
        PageSample(
            job_id=job.id,
            place=0,
            target_id=job.target_id,
            request_id=b"id",
            url=text,
            status=200,
            content_type=text,
            size=len(page),
            body=zstandard.compress(page),
            items=12,
            filled=filled,
            taken_at=job.queued_at,
        )
    )
    session.flush()


def _diagnosed(session: Session, job_id: UUID, field: str, findings: dict[str, Any]) -> None:
    session.add(FieldDiagnosis(job_id=job_id, field=field, asked=1, answered=1, findings=findings))
    session.flush()
