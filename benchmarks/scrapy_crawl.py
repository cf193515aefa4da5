"""`scrapy crawl` as a contender: one crawl in a process of its own, with a rival's settings."""

import os
import subprocess
import sys
from collections.abc import Mapping

from benchmarks import crawl_costs
from benchmarks.failure import BenchmarkFailed
from benchmarks.installation import Installation
from benchmarks.processes import PROJECT
from benchmarks.question import Sample
from benchmarks.spiders.meter import METER_FILE


def command(settings: str, spider: str, url: str) -> tuple[str, ...]:
    options = ("-a", f"start_url={url}", "-s", f"TARGET={settings}")
    return (sys.executable, "-m", "scrapy", "crawl", spider, *options)


def environment(settings: str) -> Mapping[str, str]:
    return {"SCRAPY_SETTINGS_MODULE": f"benchmarks.rivals.{settings}"}


def crawl(
    installation: Installation, settings: str, spider: str, url: str, *, items: int, pages: int
) -> Sample:
    """What a crawl under these settings cost."""
    meter = {METER_FILE: str(installation.meter_file)}

    def run() -> None:
        done = subprocess.run(
            command(settings, spider, url),
            env=os.environ | environment(settings) | meter,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise BenchmarkFailed(f"scrapy crawl with {settings} failed:\n{done.stderr[-2_000:]}")

    return crawl_costs.of(run, installation.meter_file, items=items, pages=pages)
