"""What spiders without code are told: a recipe, which is the arguments of their target."""

from collections.abc import Mapping
from typing import Any

from orchestrator.ledger.recipes.api import ApiRecipe
from orchestrator.ledger.recipes.feed import FeedRecipe
from orchestrator.ledger.recipes.part import Part
from orchestrator.ledger.recipes.selector import SelectorRecipe
from orchestrator.ledger.recipes.sitemap import SitemapRecipe
from orchestrator.ledger.recipes.structured import StructuredRecipe

#: By the name of their spider.
RECIPES: Mapping[str, type[Part]] = {
    "selector": SelectorRecipe,
    "structured": StructuredRecipe,
    "sitemap": SitemapRecipe,
    "feed": FeedRecipe,
    "api": ApiRecipe,
}


def read(spider: str, arguments: Mapping[str, Any]) -> Part:
    """The recipe in a target's arguments. Raises pydantic's ValidationError."""
    return RECIPES[spider].model_validate(dict(arguments))
