"""Starts: when a pending job may begin, where that is not at once.

A scheduled start is spread, and a job outside its target's window waits until that opens. What
makes a job pending asks here, so that people see the time; each claim asks again, so that no bell
begins a crawl outside its window.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, DateTime, Integer, Row, Uuid, func, literal, null, select, update
from sqlalchemy.orm import Session

from orchestrator import config
from orchestrator.ledger import schedules, spreads, targets
from orchestrator.ledger.models import JobStatus, ScrapingJob, ScrapingTarget
from orchestrator.ledger.windows import Window


def window_of(definition: Mapping[str, Any]) -> Window | None:
    """The window that a job carries; None = it may crawl at any time."""
    text = definition.get("crawl_window")
    return Window.read(text, ZoneInfo(definition["timezone"])) if text else None


def postpone(
    session: Session, job_ids: Sequence[uuid.UUID], *, spread: bool = False
) -> dict[uuid.UUID, datetime]:
    """Puts off those of the pending jobs that may not begin now; tells until when.

    `spread`: they were requested just now, for the occasion of a schedule.
    """
    rows = session.execute(_pending(job_ids, windowed_only=not spread)).all()
    starts = {row.id: _start(row, spread=spread) for row in rows}
    later = {row.id: starts[row.id] for row in rows if starts[row.id][0] > row.now}
    if later:
        _write(session, later)
    return {job_id: at for job_id, (at, _) in later.items()}


def spread_seconds(occasion: datetime, cron: str, zone: ZoneInfo, own: int | None) -> int:
    """Over how long the starts of that occasion are spread, by a target's own word or without."""
    gap = schedules.next_occasion(cron, zone, after=occasion) - occasion
    return spreads.width(own, config.get().start_spread_seconds, gap)


def _start(row: Row[Any], *, spread: bool) -> tuple[datetime, int]:
    """When it may begin, and over how many seconds that was spread."""
    late, width, begin = timedelta(), 0, row.run_after
    if spread and row.due_at:
        timing = targets.timing(row.schedule, row.timezone)
        width = spread_seconds(row.due_at, *timing, row.spread_seconds)
        late = spreads.wait(row.target_id, row.due_at, within=width)
        begin = row.due_at + late
    begin, window = max(begin, row.now), window_of(row.definition)
    return (window.admit(begin, late=late) if window else begin), width


def _pending(job_ids: Sequence[uuid.UUID], *, windowed_only: bool) -> Any:
    query = (
        select(
            ScrapingJob.id,
            ScrapingJob.target_id,
            ScrapingJob.due_at,
            ScrapingJob.run_after,
            ScrapingJob.definition,
            ScrapingTarget.schedule,
            ScrapingTarget.timezone,
            ScrapingTarget.spread_seconds,
            func.now().label("now"),
        )
        .join(ScrapingTarget, ScrapingTarget.id == ScrapingJob.target_id)
        .where(ScrapingJob.id == func.any(list(job_ids)))
        .where(ScrapingJob.status == JobStatus.PENDING)
    )
    return query.where(ScrapingJob.definition.has_key("crawl_window")) if windowed_only else query


def _write(session: Session, starts: Mapping[uuid.UUID, tuple[datetime, int]]) -> None:
    """The sweep rings when the time has come."""
    times, widths = zip(*starts.values(), strict=True)
    new = (
        func.unnest(
            literal(list(starts), ARRAY(Uuid)),
            literal(list(times), ARRAY(DateTime(timezone=True))),
            literal(list(widths), ARRAY(Integer)),
        )
        .table_valued("id", "run_after", "width")
        .render_derived()
    )
    session.execute(
        update(ScrapingJob)
        .where(ScrapingJob.id == new.c.id, ScrapingJob.status == JobStatus.PENDING)
        .values(
            run_after=new.c.run_after,
            rung_at=null(),
            definition=ScrapingJob.definition.op("||")(_spread(new.c.width)),
        )
        .execution_options(synchronize_session=False)
    )


def _spread(width: Any) -> Any:
    """Kept with what is fixed at the request, so that people can be told."""
    return func.jsonb_strip_nulls(func.jsonb_build_object("spread_seconds", func.nullif(width, 0)))
