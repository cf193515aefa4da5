"""Any website with a sitemap: every page that it lists, by selectors or by what pages describe.

The start URLs are sitemaps, indexes of sitemaps, or a robots.txt that names them.
"""

from spiders_project.recipe_spider import RecipeSpider


class SitemapSpider(RecipeSpider):
    """Collects items from the pages that a sitemap lists."""

    name = "sitemap"
