"""What a crawl costs, told by the crawl itself.

From outside, a process's CPU and memory include the start of the interpreter, which is another
question; from inside they are those of the crawl, and the same for Kumo and its rivals.
"""

import json
import os
import re
import time
from pathlib import Path
from threading import Thread
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

#: The environment variable that names the file to write to.
METER_FILE = "KUMO_METER_FILE"

_WATCH_SECONDS = 0.25

#: For a spider's `custom_settings`.
METERED: dict[str, Any] = {"EXTENSIONS": {"benchmarks.spiders.meter.Meter": 0}}


class Meter:
    """Writes seconds, CPU seconds, memory and items of a crawl into a file when it closes.

    Reads the environment variable `KUMO_METER_FILE`; disables itself when the file is not there, so
    that one worker serves crawls that are metered and others.
    """

    def __init__(self, crawler: Crawler, file: Path) -> None:
        self._crawler = crawler
        self._file = file
        self._began = time.monotonic()
        self._cpu_began = time.process_time()
        self._peak_mb = 0.0
        Thread(target=self._watch_memory, name="meter", daemon=True).start()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        file = Path(os.environ.get(METER_FILE, ""))
        if not file.is_file():
            raise NotConfigured
        meter = cls(crawler, file)
        crawler.signals.connect(meter.spider_closed, signals.spider_closed)
        return meter

    def _watch_memory(self) -> None:
        while True:
            self._peak_mb = max(self._peak_mb, _share_mb())
            time.sleep(_WATCH_SECONDS)

    def spider_closed(self) -> None:
        readings = {
            "seconds": time.monotonic() - self._began,
            "cpu_seconds": time.process_time() - self._cpu_began,
            "peak_mb": max(self._peak_mb, _share_mb()),
            "resident_mb": kilobytes("status", "VmHWM") / 1024,
            "items": self._crawler.stats.get_value("item_scraped_count", 0),
        }
        self._file.write_text(json.dumps(readings))


def _share_mb() -> float:
    """Its own memory, and its part of what it shares: the kernel's proportional set size."""
    return kilobytes("smaps_rollup", "Pss") / 1024


def kilobytes(file: str, *names: str) -> int:
    """What the kernel says of this process's memory.

    Not getrusage: its peak of a started process may be that of the process that started it.
    """
    text = Path("/proc/self", file).read_text()
    pattern = rf"^(?:{'|'.join(names)}):\s+(\d+) kB"
    return sum(map(int, re.findall(pattern, text, re.MULTILINE)))
