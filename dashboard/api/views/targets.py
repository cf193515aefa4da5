"""Targets: list, add, read, change, delete."""

from flask import Response, url_for

from dashboard import deeds, hidden_arguments
from dashboard.api import cursors, entity_tags, lists
from dashboard.api.models.targets import (
    NewTarget,
    Target,
    TargetChange,
    TargetList,
    TargetListed,
    TargetQuery,
    TargetRow,
)
from dashboard.api.routes import Answer, Routes, told
from orchestrator import database
from orchestrator.ledger import overviews
from orchestrator.ledger import targets as ledger
from orchestrator.ledger.models import Role, ScrapingTarget
from orchestrator.ledger.overviews import Overview, TargetFilter

routes = Routes("targets", "Websites to scrape, how and when.")

_ETAG = {"ETag": "The version of the definition, for `If-Match`."}
_IF_MATCH = {"If-Match": "The `ETag` of the target as it was read; when it has changed since: 412."}


@routes.add(
    "GET",
    "/targets",
    needs=Role.VIEWER,
    query=TargetQuery,
    answers={200: Answer("The targets that live, in that order.", TargetList)},
)
def index(query: TargetQuery) -> Response:
    """List targets."""
    which = TargetFilter(query.text.strip(), query.tag, query.active, query.outcome)
    after = cursors.read(query.cursor)[0] if query.cursor else None
    with database.transaction() as session:
        page = overviews.page(session, which, query.sort, after=after, size=query.limit)
    place = cursors.written(page.after) if page.after is not None else None
    return lists.told(map(_listed, page.rows), place)


@routes.add(
    "POST",
    "/targets",
    needs=Role.OPERATOR,
    body=NewTarget,
    answers={201: Answer("The target.", Target, _ETAG | {"Location": "Where it is."})},
)
def add(body: NewTarget) -> Response:
    """Add a target.

    Which spiders there are a worker knows; a target of one that does not exist can be added, and
    its jobs fail and say so.
    """
    target = deeds.add_target(body.root)
    return _told(target, 201, Location=url_for("targets.one", target=target.id))


@routes.add(
    "GET",
    "/targets/<target>",
    needs=Role.VIEWER,
    answers={200: Answer("The target.", Target, _ETAG)},
)
def one(target: str) -> Response:
    """Read a target."""
    return _told(found(target))


@routes.add(
    "PATCH",
    "/targets/<target>",
    needs=Role.OPERATOR,
    body=TargetChange,
    headers=_IF_MATCH,
    answers={200: Answer("The target as it is now.", Target, _ETAG)},
    problems=(412,),
)
def change(target: str, body: TargetChange) -> Response:
    """Change a target.

    Jobs that were requested before keep the definition they were requested with. With `active`
    false no schedule starts it.
    """
    before = found(target)
    return _told(deeds.change_target(before.id, body.root, seen_at=entity_tags.seen_at(before)))


@routes.add(
    "DELETE",
    "/targets/<target>",
    needs=Role.OPERATOR,
    headers=_IF_MATCH,
    answers={204: Answer("It is gone; its jobs and items follow.")},
    problems=(412,),
)
def delete(target: str) -> Response:
    """Delete a target.

    Its active job is cancelled, and its name is free at once.
    """
    before = found(target)
    deeds.delete_target(before, seen_at=entity_tags.seen_at(before))
    return Response(status=204)


def found(reference: str) -> ScrapingTarget:
    """Raises TargetNotFound."""
    with database.transaction() as session:
        return ledger.find(session, reference)


def _listed(row: Overview) -> TargetListed:
    told_of = TargetRow.model_validate(row.target)
    return TargetListed.model_validate({**told_of.model_dump(), "last_job": row.job})


def _told(target: ScrapingTarget, status: int = 200, **headers: str) -> Response:
    shown = Target.model_validate(target)
    shown.arguments = hidden_arguments.hidden(target.arguments)
    return told(shown, status, ETag=entity_tags.of_target(target), **headers)
