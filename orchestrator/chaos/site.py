"""The site that is crawled: a demo shop of its own, which no storm touches.

What it sells is read from its sitemap, which no crawl of ours follows: so what should be in the
table is known without the code that is judged.
"""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from orchestrator.chaos.children import Child
from orchestrator.chaos.interruption import Interruption

#: How small and how large a demo shop may be; to import it would be an import upwards.
FEWEST_PAGES, MOST_PAGES = 5, 1_000_000
#: Any day will do, as long as it stays the same: prices change at midnight.
_DAY = 300
#: The answers of a whole crawl wait this long in all; a crawl has eight of them open at once.
_DELAY_SECONDS, _LONGEST_DELAY_SECONDS = 100, 0.2


class Site:
    """A running shop."""

    def __init__(self, url: str, pages: int) -> None:
        self.url = url
        self.pages = pages
        self.keys = frozenset(self._keys("/sitemap.xml"))

    def asked(self) -> int:
        """How many requests it has been sent."""
        return int(json.loads(self._get("/_stats"))["requests"])

    def _keys(self, sitemap: str) -> Iterator[str]:
        """The SKUs in a sitemap, or in those it lists."""
        for address in re.findall(r"<loc>([^<]+)</loc>", self._get(sitemap)):
            path = urlsplit(address).path
            if path.endswith(".xml"):
                yield from self._keys(path)
            elif path.startswith("/products/"):
                yield path.removeprefix("/products/")

    def _get(self, path: str) -> str:
        # Without a library that would ask the proxy of the environment.
        with closing(HTTPConnection(urlsplit(self.url).netloc, timeout=60)) as connection:
            connection.request("GET", path)
            return connection.getresponse().read().decode()


@contextmanager
def opened(pages: int, folder: Path, interruption: Interruption) -> Iterator[Site]:
    """A shop of so many pages that answers slowly enough to be killed in mid-crawl."""
    delay = min(_DELAY_SECONDS / pages, _LONGEST_DELAY_SECONDS)
    options = ("--port", "0", "--day", str(_DAY), "--pages", str(pages), "--delay", f"{delay:.4f}")
    command = (sys.executable, "-m", "demo", *options)
    child = Child("The site to crawl", command, folder / "site.log")
    try:
        url = child.said(r"Demo shop on (http://\S+)", interruption, seconds=60)
        yield Site(url, pages)
    finally:
        child.kill()
