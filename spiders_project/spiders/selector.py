"""Any website, by selectors: the target's arguments say where items and their fields stand."""

from spiders_project.recipe_spider import RecipeSpider


class SelectorSpider(RecipeSpider):
    """Collects items by CSS selectors or XPath, from every page that has some."""

    name = "selector"
