"""Demo shops for crawls to meet, each a process of its own on a free port."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from demo.catalogue import Product, Shop
from tests.pair import END_WITH_US

DAY = 300


@dataclass(frozen=True)
class OpenShop:
    """A running shop, and what is true of it."""

    url: str
    pages: int

    def products(self, day: int = DAY) -> dict[str, Product]:
        return {product.sku: product for product in Shop(self.pages).products(day)}

    def on(self, day: int) -> str:
        """The address of the shop as it is that day."""
        return f"{self.url}/?day={day}"

    def fetched(self) -> dict[str, int]:
        """How often each address was asked for."""
        return {path: n for path, n in self.counts()["paths"].items() if path != "/robots.txt"}

    def counts(self) -> dict[str, Any]:
        """What it was asked for and sent since it began or was made to forget."""
        with self._asked("GET") as answer:
            counts: dict[str, Any] = json.load(answer)
        return counts

    def forget(self) -> None:
        """From now on it counts anew."""
        self._asked("DELETE").close()

    def _asked(self, method: str) -> Any:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        return opener.open(urllib.request.Request(f"{self.url}/_stats", method=method), timeout=10)


@contextmanager
def opened(
    pages: int = 71, *, delay: float = 0, port: int = 0, day: int = DAY, host: str = "127.0.0.1"
) -> Iterator[OpenShop]:
    options = [
        "--host",
        host,
        "--port",
        str(port),
        "--pages",
        str(pages),
        "--day",
        str(day),
        "--delay",
        str(delay),
    ]
    with subprocess.Popen(
        [*END_WITH_US, sys.executable, "-m", "demo", *options], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("Demo shop on http://"), line
            yield OpenShop(line.split()[-1], pages)
        finally:
            process.kill()
