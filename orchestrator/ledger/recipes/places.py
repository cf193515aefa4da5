"""Where on a page something stands: a CSS selector or an XPath, checked when it is saved."""

from functools import lru_cache
from typing import Annotated, Self

from cssselect import HTMLTranslator, SelectorError
from pydantic import AfterValidator, StringConstraints, model_validator

from orchestrator.exceptions import Sentence
from orchestrator.ledger.recipes import xpaths
from orchestrator.ledger.recipes.part import Part

_TRANSLATOR = HTMLTranslator()


# Bounded: whoever edits a recipe tries many, in a process that lives for weeks.
@lru_cache(1024)
def translated(css: str) -> str:
    """The selector as an XPath. Raises cssselect.SelectorError."""
    return _TRANSLATOR.css_to_xpath(css)


def _css(css: str) -> str:
    if "::" in css:
        raise ValueError(
            Sentence('should end before ::; text is what is taken, or name an "attribute"')
        )
    try:
        xpath = translated(css)
    except (SelectorError, RecursionError) as error:
        why = str(error)[:200]
        raise ValueError(Sentence("is no CSS selector: %(why)s", why=why)) from error
    if fault := xpaths.fault(xpath):
        raise ValueError(fault)
    return css


def _xpath(xpath: str) -> str:
    if fault := xpaths.fault(xpath):
        raise ValueError(fault)
    return xpath


Css = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_css)]
XPath = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_xpath)]


class Place(Part):
    """One of the two; `css` is what most people write."""

    css: Css | None = None
    xpath: XPath | None = None

    @property
    def path(self) -> str:
        """As an XPath."""
        return translated(self.css) if self.css else self.xpath or "self::node()"

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if self._places != 1:
            raise ValueError(Sentence("needs either css or xpath"))
        return self

    @property
    def _places(self) -> int:
        return sum(each is not None for each in (self.css, self.xpath))
