"""Runs of a target as crawls make them, some of which are not believed, and what readers see."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from orchestrator import database
from orchestrator.ledger import absences, endings, items, publishing
from orchestrator.ledger.checkpoints import Batch, CheckpointWriter
from orchestrator.ledger.ends import End
from orchestrator.ledger.items import StorableItem
from orchestrator.ledger.models import ScrapingJob, ScrapingTarget, Verdict
from tests.orchestrator.ledger import given

#: Data by key.
Site = Mapping[str, Mapping[str, Any]]

_ITEMS = """
    SELECT id, target_id, key, data::text, content_hash, first_job_id, first_seen_at, changed_at,
           gone_at
    FROM scraped_items ORDER BY id
"""
_REVISIONS = """
    SELECT item_id, job_id, data::text, added, content_hash, began_at, replaced_at
    FROM item_revisions ORDER BY item_id, replaced_at, id
"""
_ABSENCES = """
    SELECT item_id, gone_job_id, gone_at, back_job_id, back_at
    FROM item_absences ORDER BY item_id, gone_at, id
"""


def run(
    target_id: int, *sites: Site, believed: bool = True, end: End = given.COMPLETED
) -> uuid.UUID:
    """A job that finds these, a checkpoint for each site; what is gone is marked, unless held."""
    job_id = given.a_job(target_id)
    claim = given.claim(job_id)
    assert claim
    writer = CheckpointWriter(claim, lease_seconds=60)
    for site in sites:
        writer.commit(Batch(items=[stored(key, data) for key, data in site.items()]))
    writer.close()
    _end(target_id, job_id, end, believed=believed)
    absences.settle(target_id)
    return job_id


def _end(target_id: int, job_id: uuid.UUID, end: End, *, believed: bool) -> None:
    """Believed or not as a test wants it, whatever it is judged."""
    with database.transaction() as session:
        target = session.get_one(ScrapingTarget, target_id)
        anyway, target.publish_anyway = target.publish_anyway, believed or target.publish_anyway
        session.flush()
        endings.finish(session, job_id, 1, end, retry_seconds=0)
        if not believed and session.get_one(ScrapingJob, job_id).publication is None:
            publishing.hold(session, job_id, Verdict.SUSPICIOUS)
        target.publish_anyway = anyway


def stored(key: str, data: Mapping[str, Any]) -> StorableItem:
    item = items.storable({"key": key} | data, ["key"])
    assert isinstance(item, StorableItem), item
    return item


def decide(verb: Callable[..., int], job_id: uuid.UUID, who: str = "ann") -> None:
    absences.settle(given.do(verb, job_id, who))


def seen() -> dict[str, list[Any]]:
    """All that readers see of items and their lives, except when they were last seen."""
    return {
        "items": given.execute(_ITEMS),
        "revisions": given.execute(_REVISIONS),
        "absences": given.execute(_ABSENCES),
    }


def told(kept: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The same without the times and numbers that two runs of the same never share."""
    left_out = {"id", "item_id", "target_id", "first_job_id", "job_id", "gone_job_id"}
    left_out |= {"back_job_id", "first_seen_at", "changed_at", "began_at", "replaced_at", "back_at"}
    return {
        name: [
            {key: value for key, value in row._asdict().items() if key not in left_out}
            for row in rows
        ]
        for name, rows in kept.items()
    }


def data(target_id: int) -> dict[str, tuple[Any, bool]]:
    """What the items are, and whether they are gone, by key."""
    rows = given.execute(
        "SELECT key, data - 'key' AS data, gone_at FROM scraped_items WHERE target_id = :id",
        id=target_id,
    )
    return {row.key: (row.data, row.gone_at is not None) for row in rows}
