"""The heartbeat: a thread that keeps the lease while the event loop is blocked."""

import logging
import os
from threading import Event, Thread
from time import monotonic
from uuid import UUID

from orchestrator import database
from orchestrator.exceptions import DatabaseAway, DatabaseNotMigrated, LeaseLost
from orchestrator.ledger import crawls
from orchestrator.ledger.endings import LEASE_OVER_STATUS
from orchestrator.ledger.jobs import Claim

logger = logging.getLogger(__name__)


class Heartbeat:
    """A thread that keeps the lease while the event loop is blocked by a long callback."""

    def __init__(self, claim: Claim, lease_seconds: float) -> None:
        self.lease_seconds = lease_seconds
        self._job_id, self._attempt = UUID(claim.job_id), claim.attempt
        self._number = claim.number
        self._last = monotonic()
        self._stopped = Event()

    def start(self) -> None:
        Thread(target=self._run, name="heartbeat", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def renewed(self) -> None:
        """The checkpoint has just renewed the lease."""
        self._last = monotonic()

    def silent_seconds(self) -> float:
        return monotonic() - self._last

    def _run(self) -> None:
        quarter = self.lease_seconds / 4
        while not self._stopped.wait(quarter / 2):
            if self.silent_seconds() > quarter:
                self._renew()
            if self.silent_seconds() > self.lease_seconds:
                # The lease is over and the event loop has not noticed: it is stuck as well.
                os._exit(LEASE_OVER_STATUS)

    def _renew(self) -> None:
        try:
            with database.transaction() as session:
                crawls.renew(
                    session,
                    self._job_id,
                    self._attempt,
                    lease_seconds=self.lease_seconds,
                    number=self._number,
                )
            self.renewed()
        except (DatabaseAway, DatabaseNotMigrated, LeaseLost) as error:
            # The checkpoint meets the same and decides; this thread only buys it time.
            logger.debug("The heartbeat was not written: %s", error)
