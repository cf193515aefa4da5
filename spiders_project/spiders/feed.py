"""RSS and Atom feeds: their entries are the items."""

from spiders_project.recipe_spider import RecipeSpider


class FeedSpider(RecipeSpider):
    """Collects the entries of RSS and Atom feeds."""

    name = "feed"
    own_headers = {
        "Accept": "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5"
    }
