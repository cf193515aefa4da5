"""Schedules: when targets start next, and what a line would do."""

from flask import Response

from dashboard import schedule_preview
from dashboard.api import cursors, lists
from dashboard.api.models.schedules import Coming, Preview, PreviewQuery, Scheduled, ScheduledList
from dashboard.api.models.shown import ListQuery
from dashboard.api.routes import Answer, Routes
from dashboard.schedule_preview import Asked
from orchestrator import database
from orchestrator.exceptions import ScheduleInvalid
from orchestrator.ledger import overviews, targets
from orchestrator.ledger.models import Role, ScrapingTarget
from orchestrator.ledger.overviews import Sort, TargetFilter

routes = Routes("schedules", "When targets start by themselves.")


@routes.add(
    "GET",
    "/schedules",
    needs=Role.VIEWER,
    query=ListQuery,
    answers={200: Answer("Active targets, the soonest first.", ScheduledList)},
)
def index(query: ListQuery) -> Response:
    """List when targets start next."""
    after = cursors.read(query.cursor)[0] if query.cursor else None
    which = TargetFilter(active=True)
    with database.transaction() as session:
        page = overviews.page(session, which, Sort.NEXT_RUN, after=after, size=query.limit)
    place = cursors.written(page.after) if page.after is not None else None
    return lists.told((_told(row.target) for row in page.rows), place)


@routes.add(
    "GET",
    "/schedules/preview",
    needs=Role.VIEWER,
    query=PreviewQuery,
    answers={200: Answer("What it would do.", Preview)},
)
def preview(query: PreviewQuery) -> Preview:
    """Try a schedule."""
    asked = Asked(query.cron, query.zone, query.window, query.spread_seconds)
    found = schedule_preview.of(asked)
    if found.fault:
        raise ScheduleInvalid(found.fault)
    return Preview(
        cron=found.cron,
        timezone=found.zone.key,
        occasions=[
            Coming(at=each.occasion.at, starts_at=each.starts_at, moved=each.occasion.moved)
            for each in found.coming
        ],
    )


def _told(target: ScrapingTarget) -> Scheduled:
    cron, zone = targets.timing(target.schedule, target.timezone)
    return Scheduled.model_validate(
        {
            "target": target,
            "cron": cron,
            "timezone": zone.key,
            "next_run_at": target.next_run_at,
        }
    )
