"""The strip of a night: a pip for each target. Its class tells colour and shape, its title more.

Written here and not in a template, since there may be five hundred.
"""

from collections.abc import Iterable, Mapping

from markupsafe import Markup, escape

from dashboard import addresses
from dashboard.words import number
from orchestrator.ledger.nights import Mark

_NO_JOB = "none"


def pips(marks: Iterable[Mark], words: Mapping[str, str]) -> Markup:
    """List items with a link each; `words` has what each status is called."""
    # The ends of all addresses are alike.
    jobs, targets = addresses.of("jobs.index"), addresses.of("targets.index")
    told = {status: str(word) for status, word in words.items()}
    drawn = (_pip(mark, told, jobs, targets) for mark in marks)
    return Markup("\n".join(drawn))  # noqa: S704  # what is a stranger's in it has been escaped


def _pip(mark: Mark, words: Mapping[str, str], jobs: str, targets: str) -> str:
    status = mark.status or _NO_JOB
    address = f"{jobs}/{mark.job_id}" if mark.job_id else f"{targets}/{mark.target_id}"
    found = f", {number(mark.items)}" if mark.items else ""
    title = escape(f"{mark.name}: {words[status]}{found}")
    return f'<li><a class="pip pip-{status}" href="{address}" title="{title}"></a></li>'
