"""The supervisor process: `python -m orchestrator.embedded.supervisord CONFIG`.

A process of its own, so that whichever of the two is killed, it or `kumo up`, the other still
ends or restarts everything.
"""

import os
import shutil
import sys
from pathlib import Path

from supervisor.options import ServerOptions
from supervisor.supervisord import go

from orchestrator.config import RUNNING_FILE
from orchestrator.embedded import processes


class Options(ServerOptions):  # type: ignore[misc] # supervisor has no types
    """Supervisor's options, with a session for each child instead of just a process group."""

    def setpgrp(self) -> None:
        # Supervisor calls this in the child. What a session leader starts can be told by its
        # session, and no terminal's Ctrl-C reaches it.
        os.setsid()


def main(config: Path, control: Path) -> None:
    """Runs the programs of a supervisor configuration until SIGTERM; tidies up behind them."""
    processes.end_with_parent()
    options = Options()
    options.realize(["--configuration", str(config)])
    options.first, options.test = True, False
    try:
        go(options)
    finally:
        options.close_httpservers()
        options.close_logger()
        # Even when `kumo up` was killed, nobody shall look for databases that are gone.
        config.with_name(RUNNING_FILE).unlink(missing_ok=True)
        shutil.rmtree(control, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
