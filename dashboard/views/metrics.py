"""Metrics: what Prometheus and its like ask for every few seconds."""

from importlib.metadata import version

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from prometheus_client import exposition
from prometheus_client.openmetrics import exposition as openmetrics

from dashboard import metrics
from orchestrator import database, inspection
from orchestrator.ledger import metrics as ledger

blueprint = Blueprint("metrics", __name__)

#: A Redis that hangs must not make the scrape fail.
_REDIS_SECONDS = 0.5
_OPENMETRICS = "application/openmetrics-text"
_VERSION = version("kumo")


@blueprint.get("/metrics")
def show() -> ResponseReturnValue:
    """In the text format of Prometheus, or OpenMetrics where that is asked for."""
    with database.transaction() as session:
        read = ledger.read(session)
    queues = {*read.unserved, *(each for worker in read.workers for each in worker.queues)}
    found = inspection.look(_REDIS_SECONDS, expected=0, queues=queues)
    series = metrics.registry(read, found, version=_VERSION)
    if _OPENMETRICS in request.headers.get("Accept", ""):
        return Response(
            openmetrics.generate_latest(series), content_type=openmetrics.CONTENT_TYPE_LATEST
        )
    return Response(
        exposition.generate_latest(series), content_type=exposition.CONTENT_TYPE_PLAIN_0_0_4
    )
