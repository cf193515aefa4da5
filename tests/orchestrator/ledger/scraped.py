"""Items as crawls store them, through the ledger's own checkpoint."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.ledger import items
from orchestrator.ledger.checkpoints import Batch, CheckpointWriter
from orchestrator.ledger.items import StorableItem
from tests.orchestrator.ledger import given

Data = Mapping[str, Any]


def by_a_job(target_id: int, found: Sequence[Data], *, ended: bool = True) -> uuid.UUID:
    """A job that found these; each is told from others by its `url`."""
    job_id = given.a_job(target_id)
    claim = given.claim(job_id)
    assert claim
    batch = Batch(items=[stored(each) for each in found])
    writer = CheckpointWriter(claim, lease_seconds=60)
    writer.commit(batch)
    writer.close()
    if ended:
        given.finish(job_id, given.COMPLETED)
    return job_id


def many(target_id: int, number: int, data: str = "jsonb_build_object('n', n)") -> None:
    """Items made inside the database: `data` is SQL of their number `n`; five of each moment."""
    given.execute(
        "INSERT INTO scraped_items (target_id, key, data, content_hash, changed_at)"
        f" SELECT :target, 'k' || n, d, decode(md5(d::text), 'hex'),"
        " now() - make_interval(secs => n / 5)"
        f" FROM generate_series(1, :number) n, LATERAL (SELECT {data} AS d) AS made",
        target=target_id,
        number=number,
    )


def stored(data: Data) -> StorableItem:
    item = items.storable(data, ())
    assert isinstance(item, StorableItem), item
    return item
