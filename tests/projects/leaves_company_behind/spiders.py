"""A spider that starts a thread, a process and a fork of itself which all outlive it."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

from scrapy.http import Response

from spiders_project.spiders.demo_shop import DemoShopSpider


class LeavesCompanySpider(DemoShopSpider):
    """Notes the processes in a file, and never looks after them."""

    name = "leaves_company"

    def __init__(self, *args: Any, pids: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pids = Path(pids)

    def parse(self, response: Response) -> Iterator[Any]:
        Thread(target=time.sleep, args=(3_600,)).start()
        # It holds all that is open here, the pipe to the launcher too.
        started = subprocess.Popen(["sleep", "3600"], close_fds=False)
        forked = os.fork()
        if forked == 0:
            time.sleep(3_600)
            os._exit(0)
        self.pids.write_text(f"{started.pid} {forked}")
        yield from super().parse(response)
