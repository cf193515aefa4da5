"""Spiders that cannot be made: the constructor raises, quits, ends the process or hangs."""

import os
import sys
import time
from typing import Any

import scrapy


class ConstructorRaisesSpider(scrapy.Spider):
    """Raises what is no TypeError."""

    name = "constructor_raises"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise LookupError("the list of cities is gone")


class ConstructorQuitsSpider(scrapy.Spider):
    """Leaves in the way of a script."""

    name = "constructor_quits"

    def __init__(self, *args: Any, status: int, **kwargs: Any) -> None:
        sys.exit(status)


class ConstructorExitsSpider(scrapy.Spider):
    """Leaves without a word."""

    name = "constructor_exits"

    def __init__(self, *args: Any, status: int, **kwargs: Any) -> None:
        os._exit(status)


class ConstructorHangsSpider(scrapy.Spider):
    """Waits for something that never comes."""

    name = "constructor_hangs"
    custom_settings = {"KUMO_STUCK_SECONDS": 3}  # noqa: RUF012  # as Scrapy writes it

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        while True:
            time.sleep(0.01)
