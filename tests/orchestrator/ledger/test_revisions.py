"""Every earlier state of an item comes back exactly, out of what is kept of it."""

import uuid
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, settings
from hypothesis import given as generated
from hypothesis import strategies as st

from orchestrator.ledger import revisions
from orchestrator.ledger.checkpoints import Batch, CheckpointWriter
from orchestrator.ledger.items import StorableItem, storable
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")

State = dict[str, Any]

#: What Postgres and JSON can hold; what they cannot is mended before it gets here.
_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), _TEXTS,
    st.sampled_from([1, 1.0, "1", True, 0, 0.0, "", "null", None, [], {}, [1], [1.0], {"a": 1.0}]),
    st.floats(-1e6, 1e6, allow_nan=False).map(lambda number: round(number, 3) + 0.0),
)  # fmt: skip
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)
#: Few names, so that fields come, go and change.
_STATES = st.dictionaries(st.sampled_from(["a", "b", "価格", "", "a b", "ä"]), _VALUES, max_size=5)


def crawl(target_id: int, *states: State) -> uuid.UUID:
    """A job that finds the item so, and then so."""
    claim = given.claim(given.a_job(target_id))
    assert claim is not None
    writer = CheckpointWriter(claim, lease_seconds=60)
    for state in states:
        item = storable({**state, "key": "k"}, ["key"])
        assert isinstance(item, StorableItem)
        writer.commit(Batch(items=[item]))
    writer.close()
    given.finish(uuid.UUID(claim.job_id), given.COMPLETED)
    return uuid.UUID(claim.job_id)


def as_stored(state: State) -> str:
    """The text of a state as Postgres writes it."""
    told = orjson.dumps({**state, "key": "k"}).decode()
    return str(given.execute("SELECT CAST(:told AS jsonb)::text", told=told)[0][0])


def item_id() -> int:
    return int(given.execute("SELECT id FROM scraped_items")[0][0])


def ids() -> list[int]:
    return [row.id for row in given.execute("SELECT id FROM item_revisions ORDER BY id")]


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@generated(st.lists(st.lists(_STATES, min_size=1, max_size=3), min_size=2, max_size=6))
@example([[{"a": 1}], [{"a": 1.0}], [{"a": "1"}], [{"a": True}], [{"a": None}], [{}]])
@example([[{"a": {"b": 1}}], [{"a": {"b": 1.0}}], [{"a": {"b": 1.0}, "b": None}]])
@example([[{"a": 1}], [{"a": 2}, {"b": 3}, {"a": 1}], [{"a": 1, "b": 2}]])
def test_every_earlier_state_is_put_together_exactly(jobs: list[list[State]]) -> None:
    given.execute("TRUNCATE scraping_targets CASCADE")
    target_id = given.a_target()
    before: dict[uuid.UUID, str] = {}
    for number, states in enumerate(jobs):
        job_id = crawl(target_id, *states)
        if number:
            before[job_id] = as_stored(jobs[number - 1][-1])
    found = given.execute("SELECT id, job_id FROM item_revisions ORDER BY id")
    changed = [a for a, b in pairwise(jobs) if as_stored(a[-1]) != as_stored(b[-1])]
    assert len(found) >= len(changed)
    for row in found:
        assert given.do(revisions.before, item_id(), row.id) == before[row.job_id]
    now = given.do(revisions.whole, item_id())
    assert now == as_stored(jobs[-1][-1])


def test_whole_revisions_of_old_and_deltas_are_read_together(database: str) -> None:
    target_id = given.a_target()
    states: list[State] = [{"a": n, "b": n // 2, f"c{n}": 1} for n in range(8)]
    for state in states:
        crawl(target_id, state)
    # As they were kept at first: all of the earlier data.
    for place in (2, 5):
        given.execute(
            "UPDATE item_revisions SET data = CAST(:data AS jsonb), added = NULL WHERE id = :id",
            data=as_stored(states[place]),
            id=ids()[place],
        )
    for place, revision in enumerate(ids()):
        assert given.do(revisions.before, item_id(), revision) == as_stored(states[place])
    differences = given.do(revisions.differences, item_id(), ids())
    for place, revision in enumerate(ids()):
        names = {each.name for each in differences[revision].fields}
        halves = {"b"} if place % 2 else set()
        assert names == {"a", f"c{place}", f"c{place + 1}"} | halves


def test_values_that_read_the_same_are_told_apart() -> None:
    target_id = given.a_target()
    states: list[State] = [{"a": 1}, {"a": "1"}, {"a": 1.0}, {"a": None}, {}]
    for state in states:
        crawl(target_id, state)
    found = given.do(revisions.differences, item_id(), ids())
    told = [[(each.before, each.after) for each in found[each_id].fields] for each_id in ids()]
    assert told == [[("1", '"1"')], [("1", "1.0")], [("1.0", None)], [("null", None)]]


def test_a_hundred_changes_of_two_kilobytes_take_less_than_twenty() -> None:
    target_id = given.a_target()
    filler = {f"field {n}": f"{n} " + "as it was " * 9 for n in range(20)}
    for price in range(101):
        crawl(target_id, {**filler, "price": price + 0.9, "stock": price % 7})
    whole = int(given.execute("SELECT sum(length(data::text)) FROM scraped_items")[0][0])
    rows = int(given.execute("SELECT sum(pg_column_size(r)) FROM item_revisions r")[0][0])
    table = int(given.execute("SELECT pg_relation_size('item_revisions')")[0][0])
    assert whole >= 2_000
    assert given.count("item_revisions") == 100
    assert rows <= 20_000
    assert table <= 24_576  # Three blocks of 8 KB; the third is not full.


def test_no_revision_of_that_number_has_no_state() -> None:
    crawl(given.a_target(), {"a": 1})
    assert given.do(revisions.before, item_id(), 1) is None
    assert given.do(revisions.differences, item_id(), []) == {}
