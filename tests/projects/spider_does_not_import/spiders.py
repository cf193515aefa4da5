"""A module that breaks as it is imported, with a spider that nobody will ever see."""

import a_package_that_nobody_has  # noqa: F401
import scrapy


class UnseenSpider(scrapy.Spider):
    """Never loaded."""

    name = "unseen"
