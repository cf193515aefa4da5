"""Whether this process is alive, and whether it can do its work; for machines, without sign-in."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from orchestrator import database
from orchestrator.exceptions import OrchestratorError
from orchestrator.ledger import readiness

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    return {"status": "alive"}


@blueprint.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Ready means: the database answers and has every column this version reads."""
    try:
        with database.transaction() as session:
            readiness.check(session)
    except OrchestratorError as error:
        return {"status": "not ready", "why": str(error)}, 503
    return {"status": "ready"}
