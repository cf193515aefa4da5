"""How a crawl ended, as it tells its launcher; what becomes of its job is in `endings`."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from orchestrator.ledger.troubled_pages import TroubledPage

#: The reason of a crawl that has followed every link to its end.
PROVEN = "finished"

#: The exit status of a crawler whose lease ran out unnoticed: it was stuck or asleep.
LEASE_OVER_STATUS = 75


class Ending(StrEnum):
    """How a crawl ended, as far as the job's next state depends on it."""

    COMPLETED = "completed"  #: Proven complete, or a limit the target itself set was reached.
    HANDED_BACK = "handed_back"  #: Told to stop, or its storage went away; nothing is charged.
    BROKEN = "broken"  #: It ended badly from a cause that may pass.
    DIED = "died"  #: Likewise, by the death of its process: at first there is nothing to wait for.
    IMPOSSIBLE = "impossible"  #: It ended badly and would again.

    @property
    def is_charged(self) -> bool:
        """An attempt that ended so, and brought no page, counts as a failure."""
        return self in (Ending.BROKEN, Ending.DIED)


@dataclass(frozen=True, slots=True)
class End:
    """What became of a crawl."""

    ending: Ending
    #: One word for lists and statistics.
    reason: str
    #: A sentence for people, possibly followed by a traceback.
    message: str | None = None
    #: Scrapy's statistics.
    stats: dict[str, Any] | None = None
    #: The page whose callback was running when the crawler died.
    page: TroubledPage | None = None
    #: All that the crawl has counted, where it could still tell.
    tally: dict[str, float] = field(default_factory=dict)
    #: The job goes on after so long at the earliest.
    wait_seconds: float = 0
