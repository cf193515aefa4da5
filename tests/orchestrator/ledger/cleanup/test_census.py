"""What is counted beforehand is what goes."""

import pytest

from orchestrator.ledger import cleanup
from orchestrator.ledger.cleanup import Retention
from orchestrator.ledger.models import JobStatus
from tests.orchestrator.ledger import given, outdated

pytestmark = pytest.mark.usefixtures("database")


def _a_history(target_id: int, *, prefix: str) -> None:
    """Jobs, items and what hangs on them, of different ages."""
    old = outdated.old_job(target_id)
    outdated.log(old, 7)
    outdated.reject(old, 3)
    outdated.charge(old, 2)
    outdated.progress(old, 4)
    outdated.items(target_id, 5, first=old, last=old, days=40, prefix=prefix)
    outdated.items(target_id, 6, first=old, prefix=f"{prefix}-seen")
    young = outdated.old_job(target_id, days=12)
    outdated.log(young, 5)
    outdated.listing(target_id, days=40)
    for days in (0, 40):
        outdated.export(target_id, days=days)
        outdated.cache(target_id, 2, days=days)
        outdated.draft(days)
        outdated.draft(days, target_id=target_id)


@pytest.mark.parametrize("log_days", [30, 10])
def test_what_would_go_is_what_goes(log_days: int, target_id: int) -> None:
    busy, gone, held = (given.a_target(name) for name in ("busy", "gone", "held"))
    for target, prefix in ((target_id, "i"), (busy, "b"), (gone, "g"), (held, "h")):
        _a_history(target, prefix=prefix)
    outdated.hold(outdated.old_job(held), 3)
    outdated.hold(outdated.old_job(target_id, days=31), 2, decided_days=31)
    given.brought_to(JobStatus.PAUSED, busy)
    outdated.revise(outdated.old_job(target_id), days=40)
    outdated.miss(outdated.old_job(target_id), days=12)
    outdated.delete_target(gone)
    kept = Retention(jobs=30, logs=log_days, items=30, changes=30, messages=30)
    would_go = cleanup.would_go(kept)
    assert would_go == cleanup.old_data(kept)
    assert (would_go["items"], would_go["targets"]) == (5 + 5 + 11, 1)
    assert would_go["log_lines"] == 4 * 7 + (4 if log_days == 10 else 1) * 5


def test_counting_removes_nothing(target_id: int) -> None:
    _a_history(target_id, prefix="i")
    assert cleanup.would_go(Retention.of(30)) == cleanup.would_go(Retention.of(30))
    assert given.count("scraped_items") == 11
