"""The metrics: what a scrape of an installation without anything in it is made of."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from docs.written import markdown
from orchestrator.inspection import Inspection
from orchestrator.ledger import ticks

#: What a name is followed by, where that is more than the name.
_ENDINGS = {"counter": "_total", "info": "_info", "histogram": "_bucket"}


def written() -> str:
    if find_spec("dashboard.metrics") is None:
        return ""
    return told(_families())


def told(families: Iterable[Any]) -> str:
    """Families of prometheus_client as a table."""
    rows = [
        (
            markdown.code(f"{family.name}{_ENDINGS.get(family.type, '')}"),
            family.type,
            ", ".join(map(markdown.code, getattr(family, "_labelnames", ()))),
            family.documentation,
        )
        for family in families
    ]
    return markdown.table(("series", "kind", "labels", "what it is"), rows)


def _families() -> Iterable[Any]:
    nothing = import_module("orchestrator.ledger.metrics").Metrics
    # Of what was never heard of there is no series.
    heard = dict.fromkeys((ticks.BEAT, ticks.SWEEP, ticks.SEARCH), timedelta(seconds=1))
    read = {each.name: 0 for each in fields(nothing)} | {
        "totals": {}, "ages": heard, "workers": (), "unserved": {},
    }  # fmt: skip
    series: Iterable[Any] = (
        import_module("dashboard.metrics")
        .registry(nothing(**read), Inspection({}, {}, None), version="")
        .collect()
    )
    return series
