"""F23: items that no database likes are repaired by a stated rule or rejected, each alone."""

from typing import Any

import pytest

from orchestrator import triggers
from orchestrator.ledger.models import JobStatus, Trigger
from tests import awaiting
from tests.orchestrator.ledger import given
from tests.projects import MODULES
from tests.shops import OpenShop
from tests.workers import working

REJECTED = {
    "deep": "it is nested too deeply",
    "large": "it is too large: 9.5 MB, where 4 MB is the most",
    "large and wide": "it is too large: 8.6 MB, where 4 MB is the most",
    "circle": "it is nested too deeply",
    "generator": "it is no JSON: Type is not JSON serializable: generator",
    "unspeakable": "it is no JSON: Type is not JSON serializable: Unspeakable",
    "unreadable": "it cannot be read: RuntimeError",
}
STORED: dict[str, Any] = {
    "nul": "a\ufffdb",
    "surrogate": "a\ufffdb",
    "nan": None,
    "enum": ["a\ufffdb"],
    "offers": [{"offer": {"name": "a\ufffdb"}}, {"x": {"name": "a\ufffdb"}}],
    "size": 1.5,
    "numbers as names": {"1": "one", "1 (2)": "uno", "None": "none"},
    "names alike": {"a\ufffd": 1, "a\ufffd (2)": 2},
    "bytes": "\ufffd\ufffd",
    "huge number": "an integer of 100001 bits",
    "day": "2026-11-22",
}


@pytest.mark.fault("F23", off=("repair", "rejection", "nul_in_what_json_knows"))
def test_an_item_that_cannot_be_stored_takes_none_of_its_batch_along(
    database: str, redis_url: str, shop: OpenShop
) -> None:
    fields = {"start_urls": [shop.url], "key_fields": ["key"], "max_attempts": 1}
    given.a_target("hard", spider="harder_items", **fields)
    with working("--concurrency=1", KUMO_SPIDER_MODULES=MODULES, KUMO_LEASE_SECONDS="30"):
        job = awaiting.ended(triggers.request("hard", Trigger.API).job_id)
    assert job.status is JobStatus.COMPLETED, job.error_message
    stored = dict(given.execute("SELECT key, data -> 'value' FROM scraped_items"))
    neighbours = {f"after {name}": 1 for name in REJECTED | STORED}
    assert stored == STORED | neighbours
    reasons = [reason for (reason,) in given.execute("SELECT reason FROM rejected_items")]
    assert sorted(reasons) == sorted(REJECTED.values())
    assert job.items_rejected == len(REJECTED)
    assert job.items_scraped == len(stored)
    assert job.errors == 0
