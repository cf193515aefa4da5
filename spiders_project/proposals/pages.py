"""A page as a site answered: what proposals are made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from spiders_project import extraction


@dataclass(frozen=True)
class Page:
    """One answer, after redirects; without what follows `headers` proposals are fewer."""

    url: str
    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    #: The text of the site's robots.txt, which names sitemaps.
    robots: str = ""
    #: Of a sitemap: the page that `feeds.an_example` chose, to see how its pages are read.
    example: "Page | None" = None

    def as_read(self) -> extraction.Page:
        """As the extraction reads it."""
        return extraction.Page(self.url, self.body, self.headers)
