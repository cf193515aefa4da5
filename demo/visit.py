"""Who looks at the shop: the day they see, and the addresses they are shown.

A canonical address never carries a day, because it names the same product on every day.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from demo.catalogue import DAY_ZERO

#: What an address says of prices that a script shall write.
SCRIPTED = "script"


@dataclass(frozen=True, slots=True)
class Visit:
    """Which day a visitor sees and how, and whether their links must say so."""

    day: int
    asked: bool  #: The day came with the address, so every link passes it on.
    origin: str  #: Scheme and host as the visitor wrote them.
    #: Prices are written by a script; asked for with the address, so every link passes it on.
    scripted: bool = False

    @property
    def date(self) -> date:
        """The calendar day they see."""
        return DAY_ZERO + timedelta(days=self.day)

    def link(self, path: str, page: int = 1) -> str:
        """An address within the shop that stays on the visitor's day."""
        query: dict[str, int | str] = {"page": page} if page > 1 else {}
        if self.asked:
            query["day"] = self.day
        if self.scripted:
            query["prices"] = SCRIPTED
        return f"{path}?{urlencode(query)}" if query else path

    def canonical(self, path: str, page: int = 1) -> str:
        """The one full address of a page, whatever the day."""
        return f"{self.origin}{path}?page={page}" if page > 1 else self.origin + path
