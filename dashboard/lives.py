"""The life of an item as a page shows it: where in it a page begins, and its numbers as charts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import request

from dashboard import charts
from dashboard.charts import Steps
from dashboard.words import plain
from orchestrator.ledger.timelines import Place
from orchestrator.ledger.trends import Trend

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = re.compile(r"([0-9]{1,17})-([0-9])-([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A number over time."""

    name: str
    chart: Steps


def asked() -> Place | None:
    """Where this request's page begins; what is no place is the beginning."""
    match = _PLACE.fullmatch(request.args.get("before", ""))
    if match is None:
        return None
    try:
        at = _EPOCH + timedelta(microseconds=int(match[1]))
    except OverflowError:
        return None
    return Place(at, int(match[2]), int(match[3]))


def place(at: Place) -> str:
    return f"{(at.at - _EPOCH) // timedelta(microseconds=1)}-{at.rank}-{at.id}"


def drawn(trends: Sequence[Trend]) -> list[Drawn]:
    now = datetime.now(UTC)
    return [Drawn(plain(each.name), charts.steps(each.values, now)) for each in trends]
