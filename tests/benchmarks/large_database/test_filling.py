"""The large database in its smallest form."""

from typing import Any

import pytest
from sqlalchemy import func, select, text

from benchmarks.large_database import filling
from benchmarks.large_database.amounts import Amounts
from orchestrator import database as storage
from orchestrator import migrations
from orchestrator.ledger import changes, lexemes
from orchestrator.ledger.filters import ChangeFilter
from orchestrator.ledger.models import ChangeKind, ItemWords, ScrapedItem, Table

SMALL = Amounts(0.000_5)

_SHAPE = """
SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT pg_get_indexdef(indexrelid)
FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE relnamespace = 'public'::regnamespace
ORDER BY 1
"""


def asked(statement: str) -> list[Any]:
    with storage.engine().connect() as connection:
        return list(connection.execute(text(statement)).scalars())


@pytest.fixture
def shape(database: str) -> list[Any]:
    """Constraints and indexes as the migrations made them."""
    return asked(_SHAPE)


@pytest.fixture
def filled(database: str, shape: list[Any]) -> str:
    filling.fill(database, SMALL, tell=lambda _: None)
    return database


def test_every_table_has_rows_but_those_that_programs_would_fill(filled: str) -> None:
    empty = {
        table.name
        for table in Table.metadata.sorted_tables
        if not asked(f"SELECT count(*) FROM {table.name}")[0]
    }
    # No page reads what is cached, and a listing is made of the items when it is asked for.
    of_programs = {"cached_pages", "item_listings", "item_listing_parts"}
    # A job's page and a field's own look for them by the job.
    of_programs |= {"page_samples", "field_diagnoses", "scrapyd_jobs"}
    assert empty == {"api_tokens", *of_programs}


def test_there_are_as_many_as_were_asked_for(filled: str) -> None:
    assert asked("SELECT count(*) FROM scraping_jobs") == [500]
    assert asked("SELECT count(*) FROM scraped_items") == [5_000]
    assert asked("SELECT count(*) FROM item_words") == [5_000]


def test_half_as_many_changes_as_items_and_the_feed_tells_all_of_them(filled: str) -> None:
    (changed,) = asked("SELECT count(*) FROM item_revisions")
    assert 2_000 < changed < 3_000
    assert asked("SELECT sum(changed) FROM change_sets") == [changed]
    told: list[Any] = []
    after = None
    while True:
        with storage.transaction() as session:
            page = changes.page(
                session, ChangeFilter(kinds=(ChangeKind.CHANGED,)), after=after, size=500
            )
        told += page.changes
        if (after := page.older) is None:
            break
    assert len(told) == len({each.place.id for each in told}) == changed


def test_the_words_of_items_are_those_that_search_would_learn(filled: str) -> None:
    with storage.transaction() as session:
        items = session.execute(
            select(ScrapedItem, func.tsvector_to_array(ItemWords.words)).join(
                ItemWords, ItemWords.item_id == ScrapedItem.id
            )
        ).all()
    assert len(items) == 5_000
    for item, words in items:
        assert set(words) == set(lexemes.of_item(item.target_id, item.data))


def test_the_indexes_and_constraints_are_those_of_before(filled: str, shape: list[Any]) -> None:
    assert asked(_SHAPE) == shape
    assert migrations.is_current()


def test_the_shares_add_up_to_the_whole() -> None:
    shares = Amounts().shares()
    assert len(shares) == 500
    assert sum(each.jobs for each in shares) == 1_000_000
    assert sum(each.items for each in shares) == 10_000_000
    assert max(each.items for each in shares) == 1_000_000
    assert shares[-1].jobs == shares[-1].items == 0


def test_filling_again_begins_anew(filled: str) -> None:
    filling.fill(filled, SMALL, tell=lambda _: None)
    assert asked("SELECT count(*) FROM scraped_items") == [5_000]
