"""What the page of one target draws."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard import charts
from dashboard.charts import Chart
from orchestrator.ledger.overviews import Figures


@dataclass(frozen=True, slots=True)
class Charts:
    """What its last ended jobs brought, a bar for each."""

    jobs: int
    items: Chart
    seconds: Chart
    pages: Chart
    errors: Chart


def charts_of(figures: Sequence[Figures]) -> Charts | None:
    """None of a single job: there is nothing to compare it with."""
    if len(figures) < 2:
        return None
    return Charts(
        len(figures),
        items=charts.of([(each.at, each.items) for each in figures]),
        seconds=charts.of([(each.at, each.seconds) for each in figures]),
        pages=charts.of([(each.at, each.pages) for each in figures]),
        errors=charts.of([(each.at, each.errors) for each in figures]),
    )
