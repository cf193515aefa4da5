"""What a whole crawl cost, as its meter wrote it down."""

import json
from collections.abc import Callable
from pathlib import Path

from benchmarks.failure import BenchmarkFailed
from benchmarks.question import Measure, Sample

MEASURES = (
    Measure("speed", "pages/s", more=True),
    Measure("CPU", "ms/page"),
    # What a forked crawler shares with the process it was forked from counts in parts.
    Measure("peak memory", "MB"),
    Measure("peak with all that is shared", "MB"),
)


def of(crawl: Callable[[], object], meter: Path, *, items: int, pages: int) -> Sample:
    """The costs of a crawl. BenchmarkFailed when it did not do its work."""
    meter.touch()
    try:
        crawl()
        return _read(meter, items=items, pages=pages)
    finally:
        meter.unlink()


def _read(meter: Path, *, items: int, pages: int) -> Sample:
    readings = json.loads(meter.read_text())
    if readings["items"] != items:
        raise BenchmarkFailed(f"A crawl gave {readings['items']} items, where {items} were there.")
    return {
        "speed": pages / readings["seconds"],
        "CPU": readings["cpu_seconds"] * 1_000 / pages,
        "peak memory": readings["peak_mb"],
        "peak with all that is shared": readings["resident_mb"],
    }
