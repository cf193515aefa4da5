"""Suspicions about single fields, the most telling rule first.

Of a field the first rule that speaks is enough: whose values are gone need not be told that their
words differ.
"""

from collections.abc import Iterator, Sequence
from math import log
from statistics import median

from orchestrator.ledger.comparisons import Case, field_norm, numbers_of, share_norm
from orchestrator.ledger.findings import Finding
from orchestrator.ledger.norms import FEWEST, norm, straying_median
from orchestrator.ledger.profiles import FEWEST_CHANGES, FieldProfile, Profile, is_returned

#: What differs by less matters to nobody: shares of items, and factors.
_SHARE, _SHAPE_SHARE, _LARGE_SHARE = 0.1, 0.2, 0.3
_TWICE, _LEVEL, _DRIFT = log(2), log(1.5), log(1.04)
#: Half of a field's numbers are taken to lie within a factor of four: a typical one of few items
#: strays accordingly as items come and go.
_APART = log(4)
#: Fewer values tell nothing.
_FEWEST_VALUES = 5
#: So much of what an earlier run changed may still hold in an old copy.
_KEPT = 0.2
#: An optional field that so many items had at least may not be empty in all.
_ALWAYS_SOME = 10


def find(case: Case) -> list[Finding]:
    """What there is to say against its fields, at most one sentence each."""
    names = dict.fromkeys(name for each in case.earlier for name in each.fields)
    return [finding for name in names if (finding := _first(case, name))]


def _first(case: Case, name: str) -> Finding | None:
    if len(case.field(name)) < FEWEST:
        return None
    return next((finding for rule in _OF_FIELDS for finding in rule(case, name)), None)


def _empty(case: Case, name: str) -> Iterator[Finding]:
    def share(each: Profile) -> float:
        found = each.fields.get(name)
        return found.filled / max(each.looked_at, 1) if found else 0.0

    now = case.now
    filled = now.fields[name].filled if name in now.fields else 0
    shares = [share(each) for each in case.earlier if each.looked_at]
    usual = share_norm(case, shares, _SHARE, share, now.looked_at)
    # An optional field may be in too few items for its share to tell.
    always = sorted(found.filled for _, found in case.field(name))[1] >= _ALWAYS_SOME
    some = always and not filled and not any(not each for each in case.excuses(share))
    if some or (usual and usual.is_below(share(now))):
        most = max(each.looked_at - found.filled for each, found in case.field(name))
        count = now.looked_at - filled
        numbers = {"count": count, "of": now.looked_at, "usual": most, "runs": case.runs}
        yield Finding("empty", name, numbers=numbers)


def _shape(case: Case, name: str) -> Iterator[Finding]:
    now = case.now.fields.get(name)
    if now is None:
        return
    usual_shape = _usual_shape(case, name)
    for shape, count in sorted(now.shapes.items(), key=lambda each: -each[1]):
        if _is_odd_shape(case, name, shape):
            numbers = {"count": count, "of": now.filled, "shape": shape}
            numbers |= {"usual_shape": usual_shape, "runs": case.runs}
            yield Finding("shape", name, numbers=numbers)


def _is_odd_shape(case: Case, name: str, shape: str) -> bool:
    def share(each: Profile) -> float | None:
        found = each.fields.get(name)
        return found.shapes.get(shape, 0) / found.filled if found and found.filled else None

    shares = [found for each in case.earlier if (found := share(each)) is not None]
    usual = share_norm(case, shares, _SHAPE_SHARE, share, case.now.fields[name].filled)
    return usual is not None and usual.is_above(share(case.now) or 0)


def _usual_shape(case: Case, name: str) -> str:
    counts: dict[str, int] = {}
    for _, found in case.field(name):
        for shape, count in found.shapes.items():
            counts[shape] = counts.get(shape, 0) + count
    return max(counts, key=lambda each: counts[each], default="")


def _same(case: Case, name: str) -> Iterator[Finding]:
    def share(each: Profile) -> float | None:
        found = each.fields.get(name)
        return found.distinct / found.filled if found and found.filled else None

    now = case.now.fields.get(name)
    if now is None or now.filled < _FEWEST_VALUES:
        return
    shares = [found for each in case.earlier if (found := share(each)) is not None]
    usual = share_norm(case, shares, _LARGE_SHARE, share, now.filled)
    different = sorted(found.distinct for _, found in case.field(name))[1]
    was_one = any(each.fields[name].distinct == 1 for each in case.excusing if name in each.fields)
    one = now.distinct == 1 and different > 2 and now.filled >= _ALWAYS_SOME and not was_one
    if one or (usual and usual.is_below(now.distinct / now.filled)):
        numbers = {"count": now.distinct, "of": now.filled, "usual": different, "runs": case.runs}
        yield Finding("same", name, numbers=numbers)


def _words(case: Case, name: str) -> Iterator[Finding]:
    now = case.now.fields.get(name)
    words = [found.words for _, found in case.field(name) if found.words]
    if now is None or not now.words or len(words) < FEWEST:
        return
    together = _common(words)
    alike = [_alike(each, together) for each in words]
    excuses = [
        _alike(each.fields[name].words, now.words) for each in case.excusing if name in each.fields
    ]
    usual = norm(alike, least=_LARGE_SHARE)
    is_known = any(each > 1 - _LARGE_SHARE for each in excuses)
    if usual and not is_known and usual.is_below(_alike(now.words, together)):
        yield Finding("words", name, numbers={"runs": case.runs})


def _common(several: Sequence[dict[str, float]]) -> dict[str, float]:
    names = {word for each in several for word in each}
    return {word: median(each.get(word, 0) for each in several) for word in names}


def _alike(these: dict[str, float], those: dict[str, float]) -> float:
    """How much of the words is common to both: 1 = all, 0 = none."""
    both = sum(min(share, those.get(word, 0)) for word, share in these.items())
    return both / max(sum(these.values()), sum(those.values()), 1e-9)


def _drift(case: Case, name: str) -> Iterator[Finding]:
    now = case.now.fields.get(name)
    if now is None or now.drift is None or case.now.known < _FEWEST_VALUES:
        return
    chance = straying_median(log(now.drift_spread or 1), min(now.filled, case.now.known))
    usual = field_norm(
        case, name, lambda each: each.drift, _DRIFT, earlier=case.with_changes, chance=chance
    )
    if usual and usual.is_outside(log(now.drift)):
        numbers = numbers_of(case, usual, now.drift, unlog=True)
        yield Finding("drift", name, numbers=numbers)


def _returned(case: Case, name: str) -> Iterator[Finding]:
    def share(each: Profile) -> float | None:
        found = each.fields.get(name)
        return found.returned / found.compared if found and found.compared else None

    now = case.now.fields.get(name)
    if now is None or not _is_old(case.now, now):
        return
    shares = [found for each in case.with_changes if (found := share(each)) is not None]
    usual = share_norm(case, shares, _LARGE_SHARE, share, now.compared)
    if usual and usual.is_above(now.returned / now.compared):
        numbers = {"count": now.returned, "of": now.compared, "runs": case.runs}
        yield Finding("returned", name, numbers=numbers)


def _is_old(now: Profile, found: FieldProfile) -> bool:
    """A sale that ends brings old prices back too, but what changed meanwhile elsewhere stays."""
    if not is_returned(found):
        return False
    if found.changes_before >= FEWEST_CHANGES:
        return found.kept <= _KEPT * found.changes_before
    return found.returned >= _SHARE * now.known


def _changed(case: Case, name: str) -> Iterator[Finding]:
    def share(each: Profile) -> float | None:
        found = each.fields.get(name)
        return found.changed / each.known if found and each.known else None

    now, known = case.now.fields.get(name), case.now.known
    if now is None or known < _FEWEST_VALUES:
        return
    shares = [found for each in case.with_changes if (found := share(each)) is not None]
    usual = share_norm(case, shares, _LARGE_SHARE, share, known)
    if usual and usual.is_above(now.changed / known):
        numbers = {"count": now.changed, "of": known, "usual": round(usual.highest * known)}
        yield Finding("changed", name, numbers=numbers | {"runs": case.runs})


def _level(case: Case, name: str) -> Iterator[Finding]:
    now = case.now.fields.get(name)
    if now is None or not now.number or now.number <= 0 or now.filled < _FEWEST_VALUES:
        return
    chance = straying_median(_APART, now.filled)
    usual = field_norm(
        case, name, lambda each: each.number, _LEVEL, earlier=case.earlier, chance=chance
    )
    if usual and usual.is_outside(log(now.number)):
        yield Finding("level", name, numbers=numbers_of(case, usual, now.number, unlog=True))


def _length(case: Case, name: str) -> Iterator[Finding]:
    now = case.now.fields.get(name)
    if now is None or not now.length or now.filled < _FEWEST_VALUES:
        return
    chance = straying_median(_APART / 2, now.filled)
    usual = field_norm(
        case, name, lambda each: each.length, _TWICE, earlier=case.earlier, chance=chance
    )
    if usual and usual.is_outside(log(now.length)):
        numbers = numbers_of(case, usual, now.length, unlog=True)
        rounded = {which: round(each) for which, each in numbers.items()}
        yield Finding("length", name, numbers=rounded)


_OF_FIELDS = (_empty, _shape, _same, _drift, _returned, _words, _changed, _level, _length)
