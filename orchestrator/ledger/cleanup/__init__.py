"""What may go, in batches: old jobs and what hangs on them, items long unseen, deleted targets.

Whatever refers to a row goes or lets go of it first, and a row goes only when nothing refers to it
any more: so no statement touches more than a batch of rows, not even through a foreign key. Rows
that somebody else holds are passed over and go next time, so a crawl is never waited for.
"""

from collections import Counter

from orchestrator.ledger.cleanup import batches, census, items, jobs, rest, targets
from orchestrator.ledger.cleanup.retention import Cutoffs, Retention
from orchestrator.ledger.models import ItemAbsence, ItemRevision

__all__ = ["Retention", "old_data", "would_go"]


def old_data(retention: Retention) -> dict[str, int]:
    """Removes what is older than it is kept, and deleted targets.

    Answers how many rows of each kind went. A finished job that an item of a busy target still
    names loses its log now and goes when the target is idle; one whose changes are held, or whose
    decision can be undone, stays whole.
    """
    cutoffs = Cutoffs.of(retention)
    counts = Counter(
        revisions=batches.remove(ItemRevision, *items.old_revisions(cutoffs)),
        absences=batches.remove(ItemAbsence, *items.old_absences(cutoffs)),
    )
    counts.update(batches.take(rest.steps(cutoffs)))
    counts.update(items.remove(items.unseen(cutoffs)))
    counts.update(jobs.remove_logs(cutoffs))
    counts.update(jobs.remove(jobs.ended_before(cutoffs.jobs)))
    counts.update(targets.remove())
    return dict(counts)


def would_go(retention: Retention) -> dict[str, int]:
    """How many rows of each kind `old_data` would remove; removes none."""
    return census.count(Cutoffs.of(retention))
