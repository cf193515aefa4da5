"""The lease of a crawl, kept or let go by the crawl itself."""

from orchestrator import driver
from orchestrator.exceptions import LeaseLost
from orchestrator.ledger.claims import Claim


def renew(claim: Claim, *, lease_seconds: float) -> None:
    """Prolongs the lease without a checkpoint. Raises LeaseLost, DatabaseAway."""
    if not driver.ask(_RENEW, {**_named(claim), "lease": lease_seconds}):
        raise LeaseLost(f"Attempt {claim.attempt} of job {claim.job_id} no longer owns it.")


def let_go(claim: Claim) -> None:
    """Ends the lease now: the next sweep takes the job back and need not wait for it."""
    driver.ask(_LET_GO, _named(claim))


def _named(claim: Claim) -> dict[str, object]:
    return {"job": claim.job_id, "attempt": claim.attempt, "number": claim.number}


_RENEW = """
UPDATE crawls
SET lease_until = now() + make_interval(secs => %(lease)s), heartbeat_at = now()
FROM scraping_jobs j
WHERE j.id = %(job)s AND j.attempt = %(attempt)s AND j.status = 'running'
  AND crawls.job_id = j.id AND crawls.attempt = j.attempt AND crawls.number = %(number)s
  AND crawls.ended_at IS NULL
RETURNING 1
"""

_LET_GO = """
UPDATE crawls SET lease_until = now()
WHERE job_id = %(job)s AND attempt = %(attempt)s AND number = %(number)s AND ended_at IS NULL
"""
