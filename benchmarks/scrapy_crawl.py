"""`scrapy crawl` as a contender: one crawl in a process of its own, with a rival's settings."""

import os
import subprocess
import sys

from benchmarks.crawl_costs import read
from benchmarks.failure import BenchmarkFailed
from benchmarks.installation import Installation
from benchmarks.processes import PROJECT
from benchmarks.question import Sample
from benchmarks.spiders.meter import METER_FILE


def crawl(
    installation: Installation, settings: str, spider: str, url: str, *, items: int, pages: int
) -> Sample:
    """What a crawl under these settings cost."""
    options = ("-a", f"start_url={url}", "-s", f"TARGET={settings}")
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", spider, *options],
        env=os.environ
        | {
            "SCRAPY_SETTINGS_MODULE": f"benchmarks.rivals.{settings}",
            METER_FILE: str(installation.meter_file),
        },
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BenchmarkFailed(f"scrapy crawl with {settings} failed:\n{done.stderr[-2_000:]}")
    return read(installation.meter_file, items=items, pages=pages)
