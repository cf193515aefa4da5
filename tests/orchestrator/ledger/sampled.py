"""Jobs whose pages were kept, as a crawl leaves them."""

import uuid
from typing import Any

from orchestrator.ledger.checkpoints import Batch, CheckpointWriter
from orchestrator.ledger.new_samples import NewSample
from tests.orchestrator.ledger import given

URL = "http://shop.test/list"


def sample(page: str, items: int, filled: dict[str, int], **fields: Any) -> NewSample:
    body = page.encode()
    values = {
        "place": 0,
        "request_id": b"id",
        "url": URL,
        "status": 200,
        "content_type": "text/html; charset=utf-8",
        "body": body,
        "size": len(body),
        "items": items,
        "filled": filled,
    }
    return NewSample(**(values | fields))


def job_with(target_id: int, *samples: NewSample) -> uuid.UUID:
    """A completed job of the target that kept these pages."""
    job_id = given.a_job(target_id)
    claim = given.claim(job_id)
    assert claim
    writer = CheckpointWriter(claim, lease_seconds=60)
    writer.commit(Batch(samples=list(samples)))
    writer.close()
    given.finish(job_id, given.COMPLETED)
    return job_id
