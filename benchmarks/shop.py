"""The demo shop as benchmarks use it: its size, and what it was asked for."""

import json
import urllib.request
from dataclasses import dataclass
from typing import Any

from benchmarks.installation import Installation
from demo.catalogue import Shop


@dataclass(frozen=True)
class OpenShop:
    """A shop that is being served."""

    url: str
    #: How many products it has, each with a page of its own.
    products: int

    def forget(self) -> None:
        """From now on it counts anew."""
        self._ask("DELETE")

    def first_request_at(self) -> float:
        """Unix time of the first request it got since it last forgot."""
        return float(json.loads(self._ask("GET"))["first_request_at"])

    def _ask(self, method: str) -> Any:
        # No proxy of the environment stands between us and the loopback.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        request = urllib.request.Request(f"{self.url}/_stats", method=method)
        with opener.open(request, timeout=30) as answer:
            return answer.read()


def opened(installation: Installation, pages: int) -> OpenShop:
    """A shop of exactly so many pages, always on the same day."""
    options = ("--port", "0", "--day", "300", "--pages", str(pages))
    return OpenShop(installation.site("demo", *options), Shop(pages).size)
