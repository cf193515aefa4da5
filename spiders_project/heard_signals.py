"""The signals of a crawl, at the cost of those that somebody hears.

Scrapy sends ten for each page, most of which nobody asked for, and looks for receivers in four
places each time.
"""

from typing import Any

from pydispatch.dispatcher import Any as Anybody
from pydispatch.dispatcher import connections
from scrapy.signalmanager import SignalManager


class HeardSignals(SignalManager):
    """Scrapy's own; one that nobody hears is not sent."""

    def send_catch_log(self, signal: Any, **named: Any) -> list[tuple[Any, Any]]:
        if _is_heard(signal, named.get("sender", self.sender)):
            return super().send_catch_log(signal, **named)
        return []


def _is_heard(signal: Any, sender: Any) -> bool:
    """Somebody asked for this signal or for any, of this sender or of any."""
    for key in (id(sender), id(Anybody)):
        asked = connections.get(key)
        if asked and (asked.get(signal) or asked.get(Anybody)):
            return True
    return False
