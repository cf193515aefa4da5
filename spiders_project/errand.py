"""A process that does one errand for a worker and exits, which says whether it was done."""

import os
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from spiders_project import worker_watch


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
