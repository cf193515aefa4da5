"""The installation: who works, whether all is well, and whom a token speaks for."""

import orjson
from flask import Response, current_app, request
from flask_login import current_user

from dashboard.api import document, lists
from dashboard.api.models.installation import Crawling, Health, Me, Worker, WorkerList
from dashboard.api.routes import Answer, Routes
from orchestrator import database
from orchestrator.ledger import bells, models, outlook, tokens, vitals, workers
from orchestrator.ledger.models import Role
from orchestrator.ledger.outlook import Slot

routes = Routes("installation", "Who works, and whether all is well.")

_SCOPES = {role: scope for scope, role in tokens.ROLES.items()}


@routes.add(
    "GET",
    "/workers",
    needs=Role.VIEWER,
    answers={200: Answer("Those that live first; at most a hundred.", WorkerList)},
)
def list_workers() -> Response:
    """List the workers."""
    with database.transaction() as session:
        known, taken = workers.all_known(session), outlook.taken_slots(session)
    rows = [_told(worker, lives, taken.get(worker.name, [])) for worker, lives in known]
    return lists.told(rows, None)


@routes.add(
    "GET",
    "/health",
    needs=Role.VIEWER,
    answers={200: Answer("How it is. Without the database the answer is 503.", Health)},
)
def health() -> Health:
    """Ask whether all is well.

    For a load balancer, `/healthz` and `/readyz` of the dashboard answer without a token.
    """
    with database.transaction() as session:
        seen, waiting = vitals.read(session), bells.count_due(session)
    return Health(
        status="good" if seen.are_good else "degraded",
        workers=seen.workers,
        crawlers=seen.crawlers,
        slots=seen.slots,
        taken=seen.taken,
        quiet=seen.quiet,
        beat=seen.beat_lives,
        sweep=seen.sweep_lives,
        jobs_waiting=waiting,
        unserved=dict(seen.unserved),
    )


@routes.add(
    "GET",
    "/me",
    needs=Role.VIEWER,
    answers={200: Answer("A person, and the token if it is one.", Me)},
)
def me() -> Me:
    """Ask whom this request speaks for."""
    return Me(
        user=current_user.user_name,
        token=current_user.token_name or None,
        role=current_user.role,
        scope=_SCOPES[current_user.role],
    )


@routes.add(
    "GET",
    "/openapi.json",
    needs=Role.VIEWER,
    answers={200: Answer("This document.", media_types=("application/json",))},
)
def openapi() -> Response:
    """Read this document."""
    written = document.of(current_app) | {"servers": [{"url": request.root_path}]}
    return Response(orjson.dumps(written), mimetype="application/json")


def _told(worker: models.Worker, lives: bool, taken: list[Slot]) -> Worker:
    own = {name: getattr(worker, name) for name in Worker.model_fields if name not in _BESIDE}
    slots = [Crawling.model_validate(each) for each in taken]
    return Worker.model_validate(own | {"alive": lives, "taken": slots})


_BESIDE = frozenset({"alive", "taken"})
