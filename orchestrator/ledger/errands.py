"""Errands: what a process that reads strangers' pages is told, all of it and as plain data.

Such a process asks no table, so nothing here knows one: SQLAlchemy and our tables would take half
a second to import, each time that somebody looks at a page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

#: A spider and its arguments.
SpiderTold = tuple[str, Mapping[str, Any]]


class Errand(StrEnum):
    """What a worker does for a draft."""

    LOOK = "look"  #: Fetch its page and say what it could give.
    PREVIEW = "preview"  #: Read its pages by the recipe as it was last edited.
    FURTHER = "further"  #: Fetch pages that the recipe leads to and read them too.


#: To how many of them a recipe is tried.
FURTHER_PAGES = 3


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A page as it was fetched; the body is compressed."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class DraftErrand:
    """An errand for a draft, as the draft is when it begins."""

    errand: Errand
    url: str
    start_urls: Sequence[str]
    #: None = nothing was chosen yet.
    spider: str | None
    arguments: Mapping[str, Any]
    #: What was fetched for it, by place; nothing where it is to be fetched.
    pages: Mapping[int, KeptPage]


@dataclass(frozen=True, slots=True)
class SampledPage:
    """A page as a job kept it, unpacked."""

    url: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class FieldErrand:
    """Find out why a field is empty: the pages to compare, and by what each was read."""

    field: str
    recipe: SpiderTold
    now: SampledPage
    #: None = no earlier page shows the field.
    before: SampledPage | None
    recipe_before: SpiderTold
    #: A correction to try on both.
    tried: Mapping[str, Any] | None
