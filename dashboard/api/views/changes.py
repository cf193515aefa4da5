"""Changes: the feed of everything, of a target or a job."""

from uuid import UUID

from flask import Response

from dashboard.api import cursors, lists
from dashboard.api.models.changes import Change, ChangeList, ChangeOfJobQuery, ChangeQuery
from dashboard.api.routes import Answer, Routes
from dashboard.api.views.items import changed_fields
from dashboard.api.views.targets import found
from orchestrator import database
from orchestrator.ledger import changes, filters, history
from orchestrator.ledger.filters import ChangeFilter
from orchestrator.ledger.models import Role
from orchestrator.ledger.walks import Place

routes = Routes("changes", "What jobs found new, changed, gone and back.")

#: A filter that few changes fit would otherwise take as long as the disk is slow.
_LOOKS_FOR_SECONDS = 0.03
_ANSWERS = {200: Answer("The newest first.", ChangeList)}


@routes.add(
    "GET", "/changes", needs=Role.VIEWER, query=ChangeQuery, answers=_ANSWERS, problems=(404,)
)
def index(query: ChangeQuery) -> Response:
    """List changes.

    What is held back is not among them. A part may be short, or empty, while there are more: `next`
    alone says whether there are.
    """
    target_id = found(query.target).id if query.target else None
    return _page(_filter(query, target_id=target_id, tag=query.tag, job_id=query.job), query)


@routes.add(
    "GET",
    "/jobs/<uuid:job_id>/changes",
    needs=Role.VIEWER,
    query=ChangeOfJobQuery,
    answers=_ANSWERS,
)
def of_job(job_id: UUID, query: ChangeOfJobQuery) -> Response:
    """List the changes that a job found."""
    with database.transaction() as session:
        history.one(session, job_id)
    return _page(_filter(query, job_id=job_id), query)


def _filter(
    query: ChangeOfJobQuery,
    *,
    job_id: UUID | None,
    target_id: int | None = None,
    tag: str = "",
) -> ChangeFilter:
    """Raises FilterInvalid."""
    return filters.checked(
        ChangeFilter(
            kinds=tuple(dict.fromkeys(query.kind)),
            target_id=target_id,
            tag=tag,
            job_id=job_id,
            field=query.field,
            before=query.before,
            after=query.after,
            move=query.move,
            percent=query.by,
            text=query.text,
        )
    )


def _page(which: ChangeFilter, query: ChangeOfJobQuery) -> Response:
    after = None
    if query.cursor:
        at, job_id, rank, row = cursors.read(query.cursor)
        after = Place(cursors.moment_of(at), UUID(job_id), rank, row)
    with database.transaction() as session:
        page = changes.page(
            session, which, after=after, size=query.limit, seconds=_LOOKS_FOR_SECONDS
        )
    return lists.told(map(_told, page.changes), _cursor(page.older))


def _told(change: changes.Change) -> Change:
    return Change.model_validate(
        {
            "kind": change.kind,
            "at": change.place.at,
            "job_id": change.job_id,
            "target": change.target,
            "item_id": change.item_id,
            "key": change.key,
            "title": change.title,
            **changed_fields(change.difference),
        }
    )


def _cursor(place: Place | None) -> str | None:
    if place is None:
        return None
    return cursors.written(cursors.moment(place.at), str(place.job_id), place.rank, place.id)
