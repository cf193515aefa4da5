"""Suspicions: how a job differs from earlier runs of its target, by a few plain rules.

Each rule knows below which difference nobody would care; above it, `norms` says whether earlier
runs differed as much. docs/judging.md explains each.
"""

from collections.abc import Iterator
from math import exp, log
from statistics import median

from orchestrator.ledger import field_suspicions
from orchestrator.ledger.comparisons import Case, log_norm, numbers_of, share_norm
from orchestrator.ledger.findings import Finding
from orchestrator.ledger.norms import FEWEST, norm
from orchestrator.ledger.profiles import Profile

#: What differs by less matters to nobody: shares, and factors.
_FEWER, _MORE, _MANY_NEW, _MANY_ERRORS = 0.2, 0.5, 0.3, 0.1
_TWICE, _TEN_TIMES = log(2), log(10)
#: Fewer changes tell nothing, nor do seconds.
_FEWEST_CHANGES, _LONG = 5, 600.0


def find(case: Case) -> list[Finding]:
    """What there is to say against the job, on its whole first."""
    if case.runs < FEWEST:
        return []
    found = [finding for rule in _OF_JOBS for finding in rule(case)]
    # Where nothing was found, no field is to blame.
    if case.now.looked_at:
        found += field_suspicions.find(case)
    return found


def _items(case: Case) -> Iterator[Finding]:
    counts = [each.items for each in case.earlier]
    middle = median(counts)
    excuses = case.excuses(lambda each: each.items)
    few = norm(counts, least=max(_FEWER * middle, 3), excused=excuses)
    many = norm(counts, least=max(_MORE * middle, 5), excused=excuses)
    now = case.now.items
    if few is None or many is None:
        return
    if not now and few.lowest >= 1 and 0 not in excuses:
        yield Finding("nothing", numbers=numbers_of(case, few, now))
    elif few.is_below(now):
        yield Finding("few_items", numbers=numbers_of(case, few, now))
    elif many.is_above(now):
        yield Finding("many_items", numbers=numbers_of(case, many, now))


def _new(case: Case) -> Iterator[Finding]:
    def share(each: Profile) -> float:
        return each.new / max(each.items, 1)

    now, earlier = case.now, case.with_changes
    usual = share_norm(case, [share(each) for each in earlier], _MANY_NEW, share, now.items)
    if usual and usual.is_above(share(now)):
        numbers = {"count": now.new, "of": now.items, "usual": round(usual.highest * now.items)}
        yield Finding("many_new", numbers=numbers | {"runs": case.runs})


def _still(case: Case) -> Iterator[Finding]:
    def moved(each: Profile) -> int:
        return each.new + each.changed

    counts = sorted(moved(each) for each in case.with_changes)
    if len(counts) < FEWEST or counts[1] < _FEWEST_CHANGES or moved(case.now):
        return
    if case.now.items and 0 not in case.excuses(moved):
        yield Finding("still", numbers={"lowest": counts[1], "runs": case.runs})


def _pages(case: Case) -> Iterator[Finding]:
    usual = log_norm(case, lambda each: each.pages, _TWICE)
    if usual and case.now.pages and usual.is_outside(log(case.now.pages)):
        kind = "few_pages" if log(case.now.pages) < usual.low else "many_pages"
        numbers = numbers_of(case, usual, case.now.pages, unlog=True)
        yield Finding(kind, numbers={name: round(each) for name, each in numbers.items()})


def _errors(case: Case) -> Iterator[Finding]:
    def share(each: Profile) -> float:
        return each.errors / max(each.pages, each.errors, 1)

    now = case.now
    shares = [share(each) for each in case.earlier]
    usual = share_norm(case, shares, _MANY_ERRORS, share, max(now.pages, 1))
    if usual and usual.is_above(share(now)):
        most = max(each.errors for each in case.earlier)
        numbers = {"count": now.errors, "of": now.pages, "usual": most, "runs": case.runs}
        yield Finding("many_errors", numbers=numbers)


def _duration(case: Case) -> Iterator[Finding]:
    usual = log_norm(case, lambda each: each.seconds, _TEN_TIMES)
    now = case.now.seconds
    # Of seconds nobody can tell anything.
    if usual and now and max(now, exp(usual.median)) > _LONG and usual.is_outside(log(now)):
        kind = "quick" if log(now) < usual.low else "slow"
        numbers = numbers_of(case, usual, now, unlog=True)
        yield Finding(kind, numbers={name: round(each) for name, each in numbers.items()})


_OF_JOBS = (_items, _new, _still, _pages, _errors, _duration)
