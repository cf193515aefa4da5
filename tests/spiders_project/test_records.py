"""Requests as JSON: what is written comes back as it was, and what would not is refused."""

from typing import Any

import orjson
import pytest
import scrapy
from hypothesis import given
from hypothesis import strategies as some
from scrapy import Request
from scrapy.http import FormRequest, JsonRequest, XmlRpcRequest

from spiders_project import records
from spiders_project.records import NotWritable


class AnySpider(scrapy.Spider):
    name = "any"

    def parse_page(self, response: Any) -> None:
        pass

    def parse_error(self, failure: Any) -> None:
        pass


class OtherSpider(AnySpider):
    name = "other"

    def parse_elsewhere(self, response: Any) -> None:
        pass


class OwnRequest(Request):
    """A kind that nobody knows how to write down."""


SPIDER = AnySpider()

words = some.text(max_size=20).filter(lambda text: text.isprintable())
plain = some.recursive(
    some.none()
    | some.booleans()
    | some.integers(-(2**53), 2**53)
    | some.floats(allow_nan=False, allow_infinity=False)
    | words,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
names = some.from_regex(r"[A-Za-z][A-Za-z-]{0,10}", fullmatch=True)
requests = some.builds(
    Request,
    some.sampled_from(["http://a.test/", "https://a.test/?q=1#top", "http://a.test/%E8%9C%98"]),
    callback=some.sampled_from([None, SPIDER.parse_page]),
    errback=some.sampled_from([None, SPIDER.parse_error]),
    method=some.sampled_from(["GET", "POST", "HEAD", "DELETE"]),
    headers=some.dictionaries(
        names, some.lists(some.binary(max_size=8), min_size=1, max_size=2), max_size=3
    ),
    body=some.binary(max_size=30),
    cookies=some.dictionaries(names, words, max_size=2),
    meta=some.dictionaries(words, plain, max_size=3),
    encoding=some.sampled_from(["utf-8", "latin-1"]),
    priority=some.integers(-(2**40), 2**40),
    dont_filter=some.booleans(),
    flags=some.lists(words, max_size=2),
    cb_kwargs=some.dictionaries(names, plain, max_size=3),
)
FIELDS = tuple(Request.attributes)


@given(requests)
def test_every_field_comes_back_as_it_was(request_: Request) -> None:
    back = records.read(records.write(request_, SPIDER), SPIDER)
    assert type(back) is Request
    assert _fields(back) == _fields(request_)


def _fields(request: Request) -> dict[str, Any]:
    return {name: getattr(request, name) for name in FIELDS}


def test_no_field_of_a_request_is_forgotten() -> None:
    """A later Scrapy may have one more; then records must learn it."""
    assert set(FIELDS) == {
        "url", "callback", "method", "headers", "body", "cookies", "meta", "encoding",
        "priority", "dont_filter", "errback", "flags", "cb_kwargs",
    }  # fmt: skip


@pytest.mark.parametrize(
    "request_",
    [
        FormRequest("http://a.test/", formdata={"q": "蜘蛛"}, callback=SPIDER.parse_page),
        JsonRequest("http://a.test/", data={"q": ["蜘蛛"]}, priority=3),
        XmlRpcRequest("http://a.test/", methodname="list", params=(1,)),
    ],
)
def test_scrapys_kinds_of_request_come_back_as_they_were(request_: Request) -> None:
    back = records.read(records.write(request_, SPIDER), SPIDER)
    assert type(back) is type(request_)
    assert _fields(back) == _fields(request_)


def test_defaults_are_left_out() -> None:
    assert records.write(Request("http://a.test/"), SPIDER) == b'{"u":"http://a.test/"}'


@pytest.mark.parametrize(
    ("said", "request_"),
    [
        ("a tuple", Request("http://a.test/", meta={"place": (1, 2)})),
        ("a tuple", Request("http://a.test/", meta={"deep": [{"place": (1, 2)}]})),
        ("a set", Request("http://a.test/", cb_kwargs={"seen": {1}})),
        ("a bytes", Request("http://a.test/", cb_kwargs={"raw": b"x"})),
        ("a key that is a int", Request("http://a.test/", meta={"by": {1: "one"}})),
        ("no method of the spider", Request("http://a.test/", callback=lambda page: None)),
        ("no method of the spider", Request("http://a.test/", errback=lambda page: None)),
        (
            "no method of the spider",
            Request("http://a.test/", callback=OtherSpider().parse_elsewhere),
        ),
        ("a OwnRequest", OwnRequest("http://a.test/")),
        ("64-bit", Request("http://a.test/", meta={"number": 2**70})),
        ("a StrEnum|a Word", Request("http://a.test/", meta={"word": type("Word", (str,), {})()})),
    ],
)
def test_what_json_would_not_give_back_is_refused(said: str, request_: Request) -> None:
    with pytest.raises(NotWritable, match=said):
        records.write(request_, SPIDER)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "a\ud800b"])
def test_values_without_a_json_form_are_refused(value: Any) -> None:
    with pytest.raises(NotWritable):
        records.write(Request("http://a.test/", meta={"value": value}), SPIDER)


def test_deep_nesting_is_refused() -> None:
    nested: Any = []
    for _ in range(5_000):
        nested = [nested]
    with pytest.raises(NotWritable):
        records.write(Request("http://a.test/", meta={"nested": nested}), SPIDER)


@pytest.mark.parametrize("name", ["name", "__class__", "logger", "from_crawler"])
def test_a_record_can_name_nothing_but_a_method_of_the_spider(name: str) -> None:
    record = orjson.dumps({"u": "http://a.test/", "c": name})
    with pytest.raises((NotWritable, AttributeError)):
        records.read(record, SPIDER)
