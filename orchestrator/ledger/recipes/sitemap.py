"""The recipe of the spider `sitemap`: which of a site's listed pages to read, and how."""

from typing import Self

from pydantic import model_validator

from orchestrator.exceptions import Sentence
from orchestrator.ledger.recipes.links import MostPages
from orchestrator.ledger.recipes.part import Part
from orchestrator.ledger.recipes.patterns import Pattern
from orchestrator.ledger.recipes.selector import PlacedItems
from orchestrator.ledger.recipes.structured import DescribedItems


class PageRecipe(Part):
    """How a page is read: by selectors or by what it describes."""

    selector: PlacedItems | None = None
    structured: DescribedItems | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.selector is None) == (self.structured is None):
            raise ValueError(Sentence("needs either selector or structured"))
        return self


class SitemapRecipe(Part):
    """Pages that a sitemap lists; the start URLs are sitemaps, or a robots.txt that names them."""

    #: Found anywhere in a page's address; absent = every page.
    pattern: Pattern | None = None
    page: PageRecipe
    most_pages: MostPages | None = None
