"""A spider that needs an argument which its target may lack."""

from typing import Any

import scrapy


class WantsACitySpider(scrapy.Spider):
    """Its constructor raises TypeError without `city`."""

    name = "wants_a_city"

    def __init__(self, city: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.city = city
