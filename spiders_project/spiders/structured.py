"""Any website that describes its items for search engines: no selectors at all."""

from spiders_project.recipe_spider import RecipeSpider


class StructuredSpider(RecipeSpider):
    """Collects what pages say in JSON-LD, microdata or OpenGraph."""

    name = "structured"
