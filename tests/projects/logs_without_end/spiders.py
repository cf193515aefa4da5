"""Spiders that log and print far more than anybody reads."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import scrapy
from scrapy.http import Response

logger = logging.getLogger(__name__)
print("printed as the module was imported")


class TalksSpider(scrapy.Spider):
    """Logs or prints `lines` lines at one page, and tells how long that took."""

    name = "talks"

    def __init__(self, *, lines: int, how: str, start_url: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lines, self.how = int(lines), how
        self.start_urls = [start_url]
        print("printed by the constructor")

    def parse(self, response: Response) -> Iterator[dict[str, Any]]:
        say: Callable[..., None] = {"log": self._log, "print": self._print}[self.how]
        began = perf_counter()
        for number in range(self.lines):
            say(number)
        yield {"key": self.how, "seconds": perf_counter() - began}

    @staticmethod
    def _log(number: int) -> None:
        logger.info("Line %s of very many", number)

    @staticmethod
    def _print(number: int) -> None:
        print("Line", number, "of very many")


class CriesSpider(scrapy.Spider):
    """Logs many lines first, then errors."""

    name = "cries"

    def parse(self, response: Response) -> Iterator[dict[str, Any]]:
        for number in range(5_000):
            logger.warning("Line %s of many", number)
        for number in range(300):
            logger.error("Error %s of many", number)
        yield {"key": "cried"}


class MumblesSpider(scrapy.Spider):
    """Prints and logs what is hard to write down, and asks the streams what libraries ask."""

    name = "mumbles"

    def parse(self, response: Response) -> Iterator[dict[str, Any]]:
        print("x" * 10_000_000)
        print("\x1b[31mred\x1b[0m and \x1b]0;a title\x07plain, a NUL \0 and half a letter \ud800")
        print("10 %\r50 %\r100 %")
        print("to stderr", file=sys.stderr)
        sys.stdout.buffer.write(b"bytes \xff\xfe that are no text\n")
        sys.stdout.writelines(["one\n", "two\n"])
        logger.info("%d lines", "not a number")
        logger.log(99_999, "a level of its own")
        logger.info("y" * 10_000_000)
        logging.getLogger("named \0 badly").info("hello")
        print("without an end", end="")
        yield {
            "key": "streams",
            "descriptor": sys.stdout.fileno(),
            "terminal": sys.stdout.isatty(),
            "encoding": sys.stdout.encoding,
            "errors": sys.stderr.errors,
            "writable": sys.stdout.writable() and not sys.stdout.closed,
            "size": os.fstat(sys.stderr.fileno()).st_size >= 0,
        }


class EchoesSpider(scrapy.Spider):
    """Has a handler of its own that prints each line which is logged."""

    name = "echoes"

    def parse(self, response: Response) -> Iterator[dict[str, Any]]:
        logging.getLogger().addHandler(logging.StreamHandler(sys.stdout))
        print("a printed line")
        logger.info("a logged line")
        yield {"key": "echoed"}
