"""A process that does one errand for a worker and exits, which says whether it was done.

What it has to say goes through the pipe that it was given; the ledger is the worker's.
"""

import os
import sys
import traceback
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import Any, NoReturn

from spiders_project import worker_watch
from spiders_project.extraction import frames


def run(errand: Callable[..., None], *arguments: Any) -> NoReturn:
    """Ends with its worker, too. The exit status is 0 when the errand was done."""
    os.setsid()
    worker_watch.begin(None)
    status = 0
    try:
        errand(*arguments)
    except BaseException:  # noqa: BLE001  # whatever it was, the process ends here
        traceback.print_exc()
        status = 1
    sys.stderr.flush()
    os._exit(status)


class Answers:
    """The way back to the worker, which stores what comes as it comes."""

    def __init__(self, pipe: "Connection[bytes, bytes]") -> None:
        self._pipe = pipe

    def say(self, kind: str, content: Mapping[str, Any], body: bytes = b"") -> None:
        """Waits while the worker is busy with what was said before."""
        left = memoryview(frames.packed([kind, content], body))
        while left:
            left = left[os.write(self._pipe.fileno(), left) :]
