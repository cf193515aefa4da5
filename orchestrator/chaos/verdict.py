"""What is left after the storm, counted from the rows and held against what the site sells."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from orchestrator import database
from orchestrator.ledger import evidence
from orchestrator.ledger.evidence import Evidence
from orchestrator.ledger.models import JobStatus

#: The numbers that must be zero, in the order people read them.
MUST_BE_ZERO = (
    "missing",
    "duplicates",
    "stuck",
    "wrong_counts",
    "false_successes",
    "failed",
    "run_twice",
)
_SHOWN_KEYS = 3


@dataclass
class Verdict:
    """What is wrong, by number and in sentences."""

    jobs: int = 0
    attempts: int = 0
    #: Items that the site has and the table has not.
    missing: int = 0
    #: Items that the site has not, revisions of what never changed, items counted again.
    duplicates: int = 0
    #: Jobs that have not ended, or whose row is gone.
    stuck: int = 0
    #: Jobs with a count that is not the number of its rows.
    wrong_counts: int = 0
    #: Jobs that are completed without all items.
    false_successes: int = 0
    #: Jobs that ended any other way.
    failed: int = 0
    #: Jobs with two crawls at one time.
    run_twice: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not any(getattr(self, name) for name in MUST_BE_ZERO)


def judge(
    job_ids: Sequence[uuid.UUID],
    keys: frozenset[str],
    *,
    seen_twice: Collection[uuid.UUID] = frozenset(),
) -> Verdict:
    """The verdict on these jobs; each should have brought exactly the items of these keys.

    `seen_twice`: those that two living crawler processes were seen to serve. Raises DatabaseAway.
    """
    verdict = Verdict(jobs=len(job_ids))
    for job_id in job_ids:
        with database.transaction() as session:
            found = evidence.of_job(session, job_id)
            siblings = evidence.count_of_target(session, found.job.target_id) if found else 0
        if found is None:
            verdict.stuck += 1
            verdict.missing += len(keys)
            verdict.faults.append(f"Job {job_id} was answered, and there is no such job.")
            continue
        twice = job_id in seen_twice or found.overlaps > 0 or siblings > 1
        _add(verdict, found, keys, twice=twice)
    return verdict


def _add(verdict: Verdict, found: Evidence, keys: frozenset[str], *, twice: bool) -> None:
    job = found.job
    missing, strange = keys - found.keys, found.keys - keys
    again = max(0, job.items_scraped - len(keys))
    wrong = _wrong_counts(found)
    completed = job.status is JobStatus.COMPLETED
    verdict.attempts += job.attempt
    verdict.missing += len(missing)
    verdict.duplicates += len(strange) + found.revisions + again
    verdict.stuck += not job.status.is_final
    verdict.wrong_counts += bool(wrong)
    verdict.false_successes += completed and bool(missing)
    verdict.failed += job.status.is_final and not completed
    verdict.run_twice += twice
    faults = [
        *_told("items missing", missing),
        *_told("items the site has not", strange),
        *([f"{found.revisions} revisions of items that never changed"] if found.revisions else []),
        *([f"{again} items counted again"] if again else []),
        *wrong,
        *(["two crawls at one time"] if twice else []),
    ]
    if faults or not completed:
        why = f" ({job.finish_reason}: {job.error_message})" if job.error_message else ""
        told = "; ".join([f"{job.status}{why} after {job.attempt} attempts", *faults])
        verdict.faults.append(f"Job {job.id}: {told}.")


def _wrong_counts(found: Evidence) -> list[str]:
    job = found.job
    counts = {
        "items_scraped": (job.items_scraped, found.seen),
        "items_new": (job.items_new, found.new),
        "items_changed": (job.items_changed, found.revisions),
        "items_rejected": (job.items_rejected, found.rejected),
    }
    return [
        f"{name} says {said} where {rows} rows are"
        for name, (said, rows) in counts.items()
        if said != rows
    ]


def _told(what: str, keys: Collection[str]) -> list[str]:
    if not keys:
        return []
    return [f"{len(keys)} {what}, such as {', '.join(sorted(keys)[:_SHOWN_KEYS])}"]
