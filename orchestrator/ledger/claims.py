"""What a crawler process is given: the right to crawl, and what to crawl."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to crawl one attempt of a job, and all a crawler process needs to know."""

    job_id: str
    attempt: int
    target_id: int
    #: As fixed at the request: target, spider, start_urls, arguments, settings, key_fields.
    definition: dict[str, Any]
    #: How long its window is still open; None = there is no window.
    open_seconds: float | None = None
    #: Ids, in hex, of pages that the job has given up.
    left_out: tuple[str, ...] = ()
    #: Its number among the crawls of the attempt, and how many may serve that at once.
    number: int = 0
    places: int = 1
