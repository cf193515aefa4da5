"""The heartbeat: a thread that keeps the lease while the event loop is blocked."""

import logging
import os
from threading import Event, Thread
from time import monotonic

from orchestrator.exceptions import DatabaseAway, DatabaseNotMigrated, LeaseLost
from orchestrator.ledger import leases
from orchestrator.ledger.claims import Claim
from orchestrator.ledger.ends import LEASE_OVER_STATUS

logger = logging.getLogger(__name__)


class Heartbeat:
    """A thread that keeps the lease while the event loop is blocked by a long callback."""

    def __init__(self, claim: Claim, lease_seconds: float) -> None:
        self.lease_seconds = lease_seconds
        self._claim = claim
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
            leases.renew(self._claim, lease_seconds=self.lease_seconds)
            self.renewed()
        except (DatabaseAway, DatabaseNotMigrated, LeaseLost) as error:
            # The checkpoint meets the same and decides; this thread only buys it time.
            logger.debug("The heartbeat was not written: %s", error)
