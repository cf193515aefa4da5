"""`python deploy/beat_is_alive.py`: exit status 0 while beat's sweeps arrive; a health check.

Beat has no port to ask. What it leaves behind is a tick in the database, written by the worker of
the queue `control`: without that worker a schedule starts nothing either.
"""

import sys
from datetime import timedelta

from orchestrator import config, database
from orchestrator.exceptions import OrchestratorError
from orchestrator.ledger import ticks


def main() -> None:
    patience = timedelta(seconds=3 * config.get().sweep_seconds + 15)
    try:
        with database.transaction() as session:
            age = ticks.ages(session).get(ticks.BEAT)
    except OrchestratorError as error:
        sys.exit(str(error))
    if age is None or age > patience:
        sys.exit("Beat's sweeps do not arrive: see the logs of beat and of the control worker.")


if __name__ == "__main__":
    main()
