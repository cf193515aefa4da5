"""What the shop was asked for since it started or was last reset.

Tests read it to say exactly which pages a crawl fetched, and benchmarks to know when the first
request arrived.
"""

import time
from dataclasses import dataclass, field

COUNTED_PATHS = 10_000  # a shop of a million pages must not keep a million of them


@dataclass(slots=True)
class Counts:
    """How often each address was asked for, and when the first and the last time."""

    requests: int = 0
    bytes: int = 0  #: Of the bodies it sent.
    paths: dict[str, int] = field(default_factory=dict)
    first_request_at: float | None = None  #: Unix time of its arrival, before any delay.
    last_request_at: float | None = None

    def add(self, path: str) -> None:
        """Count one request as it arrives."""
        self.requests += 1
        self.last_request_at = time.time()
        if self.first_request_at is None:
            self.first_request_at = self.last_request_at
        if path in self.paths or len(self.paths) < COUNTED_PATHS:
            self.paths[path] = self.paths.get(path, 0) + 1
