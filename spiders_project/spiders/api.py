"""Addresses that answer with JSON: the entries of a list are the items, answer after answer."""

from spiders_project.recipe_spider import RecipeSpider


class ApiSpider(RecipeSpider):
    """Collects the entries of lists in JSON answers."""

    name = "api"
    own_headers = {"Accept": "application/json"}
